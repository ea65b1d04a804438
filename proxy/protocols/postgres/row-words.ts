// What the database's names say of row filters: whether a statement reaches a relation whose rows are
// filtered, and the same statement in words that hold the filter. Made words are kept, as those of masks.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import { exitMasksOf } from '../../../engine/facts/postgres/exit-masks.js'
import type { Reading, Statement } from '../../../engine/facts/postgres/reading.js'
import { filteredBy, splicedUnderFilters } from '../../../engine/facts/postgres/splice-filtered.js'
import type { Spliced } from '../../../engine/facts/postgres/splice.js'
import type { Mask } from '../../../engine/schemas/decision.js'
import type { RowFilter } from '../../../engine/schemas/row-filter.js'
import type { Rewritten } from '../../guard.js'
import type { RowWords } from '../../guard-rows.js'
import { catalogueOf } from './context.js'
import type { RelayState } from './relay-state.js'

// Of one catalogue; then all are forgotten.
const KEPT_MAX = 500
const KEPT_TEXT_MAX = 8192

const kept = new WeakMap<Catalogue, Map<string, Spliced>>()

// One for the whole session.
export function rowWordsOf(r: RelayState): RowWords {
  r.rows ??= {
    reached: (statement, filters) =>
      r.names === undefined ? 'something' : filteredBy(statement, filters, catalogueOf(r)),
    spliced: (text, statement, filters, masks, answer) =>
      words(r, text, { statement, filters, masks, ...answer }),
  }
  return r.rows
}

type Asked = {
  readonly statement: Statement
  readonly filters: readonly RowFilter[]
  readonly masks: readonly Mask[]
  readonly exit: ReturnType<typeof exitMasksOf> | { readonly refused: string }
  readonly masked: boolean
}

function words(r: RelayState, text: string, asked: Asked): Spliced {
  const { names } = r
  if (names === undefined) return { refused: 'the names of the database are not known' }
  const catalogue = catalogueOf(r)
  const read = (rewritten: string): Reading => {
    const reading = r.parts.read(rewritten, catalogue, names)
    if (reading instanceof Promise) throw new Error('the rewritten text is too long')
    return reading
  }
  const made = () => splicedUnderFilters(text, { ...asked, catalogue, names, read })
  if (text.length > KEPT_TEXT_MAX) return made()
  let known = kept.get(catalogue)
  if (known === undefined || known.size >= KEPT_MAX) kept.set(catalogue, (known = new Map()))
  const { filters, masks, masked } = asked
  const key = JSON.stringify([text, filters, masks, masked, names.searchPath, names.role])
  let found = known.get(key)
  if (found === undefined) known.set(key, (found = made()))
  return found
}

/** What was prepared under filters, as it would be put into other words now. */
export function wordsAgain(
  r: RelayState,
  text: string,
  statement: Statement,
  { filters = [], masks, masked = false }: Rewritten,
): Spliced {
  return words(r, text, { statement, filters, masks, masked, exit: exitMasksOf(statement, masks) })
}
