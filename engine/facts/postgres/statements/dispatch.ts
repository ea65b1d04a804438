// Which reader reads which kind of statement. The table holds every statement that PostgreSQL 18 knows;
// a node that is not in it is unread.
import type { Node } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import type { Analysis } from '../analysis.js'
import type { Statement } from '../reading.js'
import type { Scope } from '../scope.js'
import { tagOf } from '../tree.js'
import { ALTER_READERS } from './alter.js'
import { COPY_READERS } from './copy.js'
import { DEFINE_RELATION_READERS } from './define-relation.js'
import { DROP_READERS } from './drop.js'
import { EXPLAIN_READERS } from './explain.js'
import { MODIFY_READERS } from './modify-statement.js'
import { OBJECT_READERS } from './objects.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { PREPARED_READERS } from './prepared.js'
import { PRIVILEGE_READERS } from './privileges.js'
import { ROUTINE_READERS } from './routines.js'
import { SELECT_READERS } from './select.js'
import { SERVER_READERS } from './server.js'
import { SETTING_READERS } from './settings.js'
import { TRANSACTION_READERS } from './transaction.js'

const READERS: Readers = {
  ...ALTER_READERS,
  ...COPY_READERS,
  ...DEFINE_RELATION_READERS,
  ...DROP_READERS,
  ...EXPLAIN_READERS,
  ...MODIFY_READERS,
  ...OBJECT_READERS,
  ...PREPARED_READERS,
  ...PRIVILEGE_READERS,
  ...ROUTINE_READERS,
  ...SELECT_READERS,
  ...SERVER_READERS,
  ...SETTING_READERS,
  ...TRANSACTION_READERS,
}

export const READ_TAGS: ReadonlySet<string> = new Set(Object.keys(READERS))

// Reads one statement into the facts of `analysis`. `apart` reads another into facts of its own.
export function readStatement(
  node: Node,
  analysis: Analysis,
  sink: Sink,
  apart: (node: Node) => Statement,
  outer?: Scope,
): Outcome {
  const tag = tagOf(node)
  const reader = readerOf(tag)
  if (reader === undefined) {
    analysis.unread('unknown_node', tag)
    analysis.effect({ op: 'unknown', object: '', kind: 'statement' })
    analysis.invalidate('catalogue')
    analysis.invalidate('names')
    return { tag: 'UNKNOWN', outputs: 'unknown' }
  }
  return reader(bodyOf(node, tag), {
    analysis,
    sink,
    apart,
    outer,
    inner: (inside, to, around) => readStatement(inside, analysis, to, apart, around ?? outer),
  })
}

// The table pairs each tag with a reader of that tag's body; the compiler cannot follow the pair
// through a variable tag, so the two are widened here, and only here.
function readerOf(tag: string): ((body: unknown, context: Context) => Outcome) | undefined {
  if (!READ_TAGS.has(tag)) return undefined
  return (READERS as Readonly<Record<string, (body: unknown, context: Context) => Outcome>>)[tag]
}

function bodyOf(node: Node, tag: string): unknown {
  return (node as Readonly<Record<string, unknown>>)[tag]
}
