// One statement of a text, from parse tree to facts.
import type { Node } from 'libpg-query'
import { createAnalysis } from '../analysis.js'
import type { Analysis, Collected, Parse, Stale } from '../analysis.js'
import type { Catalogue, NameContext } from '../catalogue.js'
import { countsItsRows } from '../counted-rows.js'
import type { RawStatement } from '../judge.js'
import type { Statement } from '../reading.js'
import { routineBody } from '../routine-body.js'
import { readStatement } from './dispatch.js'
import { createModifying } from './modify-statement.js'
import type { Outcome } from './outcome.js'

export type Around = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly stale: Stale
  readonly parse: Parse
}

export type Read = { readonly statement: Statement; readonly collected: Collected }

export function statementOf(raw: RawStatement, around: Around): Read {
  const analysis = createAnalysis({
    ...around,
    modifying: createModifying(),
    body: (routine, of) => {
      routineBody(routine, of, (node, to, outer) => readStatement(node, of, to, apart, outer))
    },
  })
  const apart = (node: Node): Statement => statementOf({ ...raw, node }, around).statement
  const outcome = outcomeOf(raw.node, analysis, apart)
  const collected = analysis.collected()
  return { statement: assembled(raw, outcome, collected), collected }
}

// Whatever goes wrong while reading is one thing less that was read, and nothing worse.
function outcomeOf(node: Node, analysis: Analysis, apart: (node: Node) => Statement): Outcome {
  try {
    return readStatement(node, analysis, 'output', apart)
  } catch (thrown) {
    const detail = thrown instanceof RangeError ? 'nested too deeply' : 'reading failed'
    analysis.unread('over_limit', detail)
    analysis.effect({ op: 'unknown', object: '', kind: 'statement' })
    return { tag: 'UNKNOWN', outputs: 'unknown' }
  }
}

function assembled(raw: RawStatement, outcome: Outcome, collected: Collected): Statement {
  const { effects, flows, unread, writtenMasks, parameters } = collected
  return {
    command: {
      protocol: 'postgres',
      effects: [...effects],
      flows: [...flows],
      unread: [...unread],
      ...(writtenMasks.length === 0 ? {} : { written_masks: [...writtenMasks] }),
      postgres: {
        tag: outcome.tag,
        limited: outcome.limited ?? -1,
        returns_rows: outcome.outputs !== undefined,
      },
    },
    control: outcome.control ?? { kind: 'none' },
    outputs: outcome.outputs,
    invalidates: {
      catalogue: collected.catalogue || collected.touched.size > 0,
      names: collected.names,
      ...(collected.touched.size > 0 && !collected.catalogue
        ? { relations: [...collected.touched] }
        : {}),
    },
    ...(countsItsRows(raw.node) ? { counted: true } : {}),
    ...(collected.missing === undefined ? {} : { missing: collected.missing }),
    ...(collected.stored.length === 0 ? {} : { stored: collected.stored }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(outcome.given === undefined ? {} : { given: outcome.given }),
    start: raw.start,
    end: raw.end,
  }
}
