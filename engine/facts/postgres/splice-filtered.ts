// A command under row filters: what of it must be put into other words, and those words. Masks come first, in
// the client's text; the filters then lie beneath them and look at real values. The words count only
// where nothing but them reads a relation whose rows are filtered.
import type { RowFilter } from '../../schemas/row-filter.js'
import type { Catalogue } from './catalogue.js'
import type { ExitMasks } from './exit-masks.js'
import type { Statement } from './reading.js'
import {
  copiedValues,
  filteredIn,
  filterKey,
  reachedBy,
  reachOf,
  type Filtered,
} from './row-filters.js'
import { spliced, type Spliced, type SpliceParts } from './splice.js'
import { refused, rowsSpliced, type Refused } from './splice-rows.js'

export type FilteredParts = SpliceParts & {
  readonly filters: readonly RowFilter[]
  readonly statement: Statement
  // What the gateway itself would mask in the answer to the client's text, or why it cannot.
  readonly exit: { readonly masks: ExitMasks } | Refused
  // The answer is to be that on masked data, where it can.
  readonly masked: boolean
}

/** The first relation with filtered rows that it has to do with; what is not read may have to do with any. */
export function filteredBy(
  statement: Statement,
  filters: readonly RowFilter[],
  catalogue: Catalogue,
): string | undefined {
  const filtered = filteredIn(catalogue, filters)
  const reached = reachedBy(statement, filtered)
  if (reached !== undefined) return reached
  return doubtOf(statement) === undefined ? undefined : (filters[0]?.relation ?? '')
}

export function splicedUnderFilters(text: string, parts: FilteredParts): Spliced {
  try {
    return worked(text, parts)
  } catch {
    return refused('the statement cannot be rewritten')
  }
}

function worked(text: string, parts: FilteredParts): Spliced {
  const { statement, catalogue, names, filters, masks, read } = parts
  const filtered = filteredIn(catalogue, filters)
  const problem = doubtOf(statement) ?? copiedValues(statement) ?? changeOf(statement, filtered)
  if (problem !== undefined) return refused(problem)
  const base = masked(text, parts)
  if ('refused' in base) return base
  const place = { catalogue, names, filtered }
  const hollow = rowsSpliced(base.text, { ...place, mode: 'hollow' })
  if (typeof hollow !== 'string') return hollow
  const [left, another] = read(hollow).statements
  if (left === undefined || another !== undefined) return refused('not a single statement')
  const otherwise = doubtOf(left) ?? readOtherwise(left, statement, filtered)
  if (otherwise !== undefined) return refused(otherwise)
  const made = rowsSpliced(base.text, { ...place, mode: 'apply' })
  if (typeof made !== 'string') return made
  return {
    text: made,
    statement: withFilters(base.statement, filterKey(filters)),
    masks: {
      ...base.masks,
      quietErrors: base.masks.quietErrors || masks.length > 0 || filters.length > 0,
      otherText: true,
    },
  }
}

function masked(text: string, parts: FilteredParts): Spliced {
  const { exit, statement } = parts
  const made = parts.masked ? spliced(text, parts) : undefined
  if (made !== undefined && 'text' in made) return made
  return 'refused' in exit ? exit : { text, statement, masks: exit.masks }
}

function doubtOf({ command }: Statement): string | undefined {
  const [unread] = command.unread
  if (unread !== undefined) return `it cannot be followed with certainty: ${unread.detail}`
  const opaque = command.effects.find(
    ({ op, detail }) => op === 'unknown' || (op === 'call' && detail === 'opaque'),
  )
  if (opaque === undefined) return undefined
  return `${opaque.object === '' ? 'this statement' : opaque.object} does what cannot be seen from here`
}

// A relation may not be made another one, or emptied of what is not seen.
function changeOf({ command }: Statement, filtered: Filtered): string | undefined {
  const change = command.effects.find(({ op, object, kind }) => {
    if (kind === 'schema') return reachedIn(object, filtered)
    switch (op) {
      case 'read':
      case 'insert':
      case 'update':
      case 'delete':
      case 'copy_out':
      case 'lock':
        return false
      default:
        return reachOf(object, filtered) !== undefined
    }
  })
  return change === undefined
    ? undefined
    : `${change.op} of ${change.object} goes beyond the rows seen`
}

function reachedIn(schema: string, { catalogue, of }: Filtered): boolean {
  return (catalogue.userRelations ?? []).some(
    (relation) => relation.schema === schema && of(relation) !== undefined,
  )
}

const WRITING: ReadonlySet<string> = new Set(['insert', 'update', 'delete'])

// What is changed is named still, and its columns are read where it is.
function readOtherwise(
  hollow: Statement,
  { command }: Statement,
  filtered: Filtered,
): string | undefined {
  const changed = new Set(
    command.effects.filter(({ op }) => WRITING.has(op)).map(({ object }) => object),
  )
  const found = hollow.command.effects.find(
    ({ op, object }) =>
      op !== 'lock' && reachOf(object, filtered) !== undefined && !changed.has(object),
  )
  return found === undefined
    ? undefined
    : `${found.object} is read by other ways than its name in the statement`
}

function withFilters(statement: Statement, key: string): Statement {
  const { control } = statement
  if (control.kind !== 'prepare' && control.kind !== 'declare') {
    return { ...statement, filteredBy: key }
  }
  const inner = { ...control.statement, filteredBy: key }
  return { ...statement, filteredBy: key, control: { ...control, statement: inner } }
}
