// The statements of one text in order. What an earlier one does to names counts for the later ones,
// since all are judged before the first runs.
import { NOTHING_STALE } from './analysis.js'
import type { Parse, Stale } from './analysis.js'
import type { Catalogue, NameContext } from './catalogue.js'
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
  }
  const read: Statement[] = []
  for (const raw of statements) {
    const one = statementOf(raw, { ...place, parse: given.parse })
    read.push(one.statement)
    if (statements.length > 1) place = after(raw, one, place)
  }
  return read
}

function after(raw: RawStatement, { statement, collected }: Read, place: Place): Place {
  const { control } = statement
  const begun = control.kind === 'begin' || (place.begun && !ends(control))
  // Ending a transaction that was open before takes back what it did to names; which is not known.
  const takesBack = ends(control) && !place.begun
  const created = withTable(raw.node, place.catalogue, place.names)
  if (created !== undefined) {
    const relations = new Set(place.stale.relations)
    relations.delete(created.name)
    return { ...created, stale: { ...place.stale, relations }, begun }
  }
  const everything = place.stale.everything || collected.catalogue || collected.names || takesBack
  const relations = new Set([...place.stale.relations, ...collected.touched])
  return { ...place, stale: { everything, relations }, begun }
}

function ends(control: Control): boolean {
  return control.kind === 'rollback' || control.kind === 'rollback_to' || control.kind === 'commit'
}
