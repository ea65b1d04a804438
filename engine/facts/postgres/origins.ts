// The third witness: what the target says of a result's columns (RowDescription) against what the
// reading of the statement and the catalogue say.
import type { Catalogue, Column, Oid, Relation } from './catalogue.js'
import type { OutputColumn } from './reading.js'

export type Origin = { readonly table: Oid; readonly attnum: number }

export function originsAgree(
  outputs: readonly OutputColumn[],
  origins: readonly Origin[],
  catalogue: Catalogue,
): boolean {
  return originsDisagree(outputs, origins, catalogue) === undefined
}

// Why the answer must not go on, undefined where the witnesses agree: a result column that the target
// takes from a labelled column must be known to come from it.
export function originsDisagree(
  outputs: readonly OutputColumn[],
  origins: readonly Origin[],
  catalogue: Catalogue,
): string | undefined {
  if (outputs.length !== origins.length) {
    return `the result has ${origins.length} columns and the reading ${outputs.length}`
  }
  for (const [place, { table, attnum }] of origins.entries()) {
    if (table === 0 || attnum < 0) continue
    const relation = catalogue.relationByOid(table)
    if (attnum === 0 && relation !== undefined) {
      const unseen = relation.columns.filter(
        (column) =>
          column.labels.length > 0 &&
          outputs[place]?.sources.includes(nameOf(relation, column)) !== true,
      )
      if (unseen.length === 0) continue
      return `result column ${place + 1} is a row whose columns the reading did not see`
    }
    const column = relation?.columns.find((one) => one.attnum === attnum)
    const expected = outputs[place]
    if (relation === undefined || column === undefined) {
      // A table that the same message created has no OID yet in the reading.
      if (expected?.origin.table === 0 && expected.origin.attnum > 0) continue
      return `result column ${place + 1} comes from a table that the catalogue does not hold`
    }
    const name = nameOf(relation, column)
    if (column.labels.length > 0 && expected?.sources.includes(name) !== true) {
      return `result column ${place + 1} comes from ${name}, which the reading did not see`
    }
  }
  return undefined
}

function nameOf(relation: Relation, column: Column): string {
  return `${relation.schema}.${relation.name}.${column.name}`
}
