// The statements of one text in order. What an earlier one does to names counts for the later ones,
// since all are judged before the first runs.
import { NOTHING_STALE } from './analysis.js'
import type { Parse, Stale } from './analysis.js'
import type { Catalogue, NameContext } from './catalogue.js'
import { withStored } from './followed-labels.js'
import type { RawStatement } from './judge.js'
import { withTable } from './overlay.js'
import type { Control, Statement } from './reading.js'
import { statementOf } from './statements/statement.js'
import type { Read } from './statements/statement.js'

type Place = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly stale: Stale
  // A transaction begun in this text: ending it takes back nothing from before the text.
  readonly begun: boolean
  // Some statement of this text changes names, which a rollback would take back.
  readonly changed: boolean
}

export function readScript(
  statements: readonly RawStatement[],
  given: { readonly catalogue: Catalogue; readonly names: NameContext; readonly parse: Parse },
): readonly Statement[] {
  let place: Place = {
    catalogue: given.catalogue,
    names: given.names,
    stale: NOTHING_STALE,
    begun: false,
    changed: false,
  }
  const read: Statement[] = []
  for (const raw of statements) {
    const one = statementOf(raw, { ...place, parse: given.parse })
    read.push(one.statement)
    if (statements.length > 1) place = holdingMore(after(raw, one, place), one.statement)
  }
  return read
}

// Labels follow what the statement stores, for those behind it as well.
function holdingMore(place: Place, { stored }: Statement): Place {
  if (stored === undefined) return place
  return { ...place, catalogue: withStored(place.catalogue, stored) }
}

function after(raw: RawStatement, { statement, collected }: Read, place: Place): Place {
  const { control } = statement
  const begun = control.kind === 'begin' || (place.begun && !ends(control))
  const touches = collected.catalogue || collected.names || collected.touched.size > 0
  const changed = place.changed || touches
  // Ending a transaction that was open before this text takes back what it did to names, which is not
  // known; rolling back one of this text takes back what the text did.
  const takesBack =
    (!place.begun && (ends(control) || control.kind === 'rollback_to')) ||
    (place.changed && (control.kind === 'rollback' || control.kind === 'rollback_to'))
  const created = withTable(raw.node, place.catalogue, place.names)
  if (created !== undefined) {
    const relations = new Set(place.stale.relations)
    relations.delete(created.name)
    const stale = { ...place.stale, relations }
    return { catalogue: created.catalogue, names: created.names, stale, begun, changed }
  }
  const everything = place.stale.everything || collected.catalogue || collected.names || takesBack
  const relations = new Set([...place.stale.relations, ...collected.touched])
  return { ...place, stale: { everything, relations }, begun, changed }
}

function ends(control: Control): boolean {
  return control.kind === 'rollback' || control.kind === 'commit'
}
