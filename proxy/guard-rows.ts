// Row filters at the guard: a command that has to do with a relation whose rows are filtered goes to the
// target with the filter in it, or not at all. The engine says what is reached and puts it into other
// words; what was prepared under other filters is refused.
import type { ExitMasks } from '../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../engine/facts/postgres/reading.js'
import { filterKey } from '../engine/facts/postgres/row-filters.js'
import type { Spliced } from '../engine/facts/postgres/splice.js'
import type { Mask } from '../engine/schemas/decision.js'
import type { RowFilter } from '../engine/schemas/row-filter.js'
import type { Decided } from './decision-cache.js'
import type { CommandToJudge } from './guard.js'

export type Exit =
  { readonly masks: ExitMasks } | { readonly refused: string; readonly hint?: string }

// What the protocol knows of the database's names.
export type RowWords = {
  /** The first relation with filtered rows that the statement has to do with. */
  readonly reached: (statement: Statement, filters: readonly RowFilter[]) => string | undefined
  readonly spliced: (
    text: string,
    statement: Statement,
    filters: readonly RowFilter[],
    masks: readonly Mask[],
    answer: { readonly exit: Exit; readonly masked: boolean },
  ) => Spliced
}

const NOTHING: readonly RowFilter[] = []

export function filtersOf({ decision }: Decided): readonly RowFilter[] {
  return decision.filters ?? NOTHING
}

/** Refused until its words hold the filters; as it was where they do, or where it reaches no such rows. */
export function withRows(decided: Decided, command: CommandToJudge): Decided {
  const filters = filtersOf(decided)
  if (filters.length === 0 || decided.decision.action === 'deny') return decided
  const runs = command.sent?.statement ?? command.statement
  if (runs.filteredBy === filterKey(filters)) return decided
  const { rows } = command
  const reached = rows === undefined ? 'something' : rows.reached(command.statement, filters)
  if (reached === undefined && runs.filteredBy === undefined) return decided
  return {
    ...decided,
    unfiltered: decided.exit,
    exit: {
      refused: `not all rows of ${reached ?? 'what it reads'} are yours to see, and it was made without that`,
      hint: 'send it as a statement of its own, or prepare it again',
    },
  }
}

export function inRowsWords(
  decided: Decided,
  command: CommandToJudge,
  text: string,
  // The answer is to be that on masked data.
  masked: boolean,
): Decided {
  const { unfiltered, decision } = decided
  if (unfiltered === undefined || command.rows === undefined || command.sent !== undefined) {
    return decided
  }
  // Of an EXECUTE or FETCH the text says nothing of what runs.
  if (command.statement.control.kind === 'execute' || command.statement.control.kind === 'fetch') {
    return decided
  }
  const { masks } = decision
  const filters = filtersOf(decided)
  const made = command.rows.spliced(text, command.statement, filters, masks, {
    exit: unfiltered,
    masked,
  })
  if (!('text' in made)) {
    return { ...decided, exit: { refused: made.refused, hint: HINT } }
  }
  const { unfiltered: _, ...rest } = decided
  const rewritten = { text: made.text, statement: made.statement, masks, filters, masked }
  return { ...rest, exit: { masks: made.masks }, rewritten }
}

const HINT = 'write it as one plain query or change that names its tables'
