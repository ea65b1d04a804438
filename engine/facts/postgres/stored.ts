// What a statement leaves in columns that are not where its values came from: labels must follow. Collected
// while a statement is read, told at its end for each column that gets values of labelled columns.
import type { Effect, Flow } from '../../schemas/facts.js'
import type { Oid, Relation } from './catalogue.js'
import { UNLABELLED } from './unlabelled.js'
import { isHarmless } from './value.js'

// A column that will hold values of a labelled one, or goes on holding them where no rule may name it.
export type Stored = {
  readonly relation: {
    // 0 where the statement makes the relation; `before` is then what has its name now, 0 for nothing.
    readonly oid: Oid
    readonly before: Oid
    readonly schema: string
    readonly name: string
    readonly temporary: boolean
  }
  // 0 for any column, where it is not known which; NEW_COLUMN where the database has yet to number it.
  readonly attnum: number
  readonly column: string
  // schema.table.column
  readonly from: string
  readonly labels: readonly string[]
  // Values stay where they are and what labels them does not: another name, another parent.
  readonly kept: boolean
}

export const NEW_COLUMN = -1

export type Into =
  | { readonly relation: Relation }
  // Made by the statement.
  | {
      readonly schema: string
      readonly name: string
      readonly temporary: boolean
      readonly before: Oid
    }

export type Stores = {
  // The named columns of a relation get what these labelled columns hold; 'unknown': anything read.
  readonly add: (
    into: Into,
    columns: readonly Place[],
    sources: readonly string[] | 'unknown',
    within: boolean,
  ) => void
  readonly keep: (relation: Relation, columns?: readonly string[]) => void
  // A member of WITH hands what it wrote to the rest of the statement.
  readonly handsOn: () => void
  // The body of a function reads it, and may return it to wherever the call stands.
  readonly within: (flow: Flow) => void
  readonly told: (flows: readonly Flow[], effects: readonly Effect[]) => readonly Stored[]
}

export type Place = { readonly attnum: number; readonly column: string }

type Written = {
  readonly into: Into
  readonly places: readonly Place[]
  readonly sources: readonly string[] | 'unknown'
  // In the body of a function: what its arguments hold may go anywhere in it.
  readonly within: boolean
}

export function createStores(): Stores {
  const written: Written[] = []
  const kept: Stored[] = []
  const inBodies = new Set<string>()
  let handedOn = false
  return {
    add: (into, places, sources, within) => {
      if (places.length > 0) written.push({ into, places, sources, within })
    },
    keep: (relation, columns) => kept.push(...keptIn(relation, columns)),
    handsOn: () => {
      handedOn = true
    },
    within: ({ from, to }) => {
      if (to === 'argument') inBodies.add(from)
    },
    told: (flows, effects) => {
      const all = handedOn
        ? written.flatMap(({ sources }) => (isKnown(sources) ? sources : []))
        : []
      return [...told(written, [...all, ...inBodies], flows, effects), ...kept]
    },
  }
}

function told(
  written: readonly Written[],
  anywhere: readonly string[],
  flows: readonly Flow[],
  effects: readonly Effect[],
): readonly Stored[] {
  if (written.length === 0 || (flows.length === 0 && !written.some(isUnknown))) return []
  const labels = labelsByName(flows)
  const argued = flows.filter(({ to }) => to === 'argument').map(({ from }) => from)
  const found = new Map<string, Stored>()
  for (const { into, places, sources, within } of written) {
    const anything = sources === 'unknown'
    const names = anything
      ? [...labels.keys()]
      : [...sources, ...anywhere, ...(within ? argued : [])]
    const from = new Map(names.map((name) => [name, labels.get(name) ?? []]))
    if (anything) for (const { object, labels: read } of effects) add(from, object, read ?? [])
    for (const place of places) {
      for (const [name, held] of from) {
        const one = storedAt(into, place, name, held)
        if (one !== undefined) found.set(JSON.stringify([one.relation, place, name]), one)
      }
    }
  }
  return [...found.values()]
}

function isUnknown({ sources }: Written): boolean {
  return sources === 'unknown'
}

function isKnown(sources: Written['sources']): sources is readonly string[] {
  return sources !== 'unknown'
}

function add(to: Map<string, readonly string[]>, name: string, labels: readonly string[]): void {
  if (labels.length > 0 && !to.has(name)) to.set(name, labels)
}

function labelsByName(flows: readonly Flow[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { from, labels, through } of flows) {
    if (isHarmless(through)) continue
    found.set(from, [...new Set([...(found.get(from) ?? []), ...labels])].sort())
  }
  return found
}

// undefined where the column has all of these labels already.
function storedAt(
  into: Into,
  { attnum, column }: Place,
  from: string,
  labels: readonly string[],
): Stored | undefined {
  if (labels.length === 0) return undefined
  if (!('relation' in into)) {
    const { before, schema, name, temporary } = into
    const relation = { oid: 0, before, schema, name, temporary }
    // A new column has no label by itself.
    const said = temporary ? labels : labels.filter((label) => label !== UNLABELLED)
    if (said.length === 0) return undefined
    return { relation, attnum, column, from, labels: said, kept: false }
  }
  const { oid, schema, name, temporary, columns } = into.relation
  const known = columns.find((one) => one.attnum === attnum)
  if (known !== undefined && labels.every((label) => known.labels.includes(label))) return undefined
  const relation = { oid, before: 0, schema, name, temporary }
  return { relation, attnum, column, from, labels, kept: false }
}

function keptIn(relation: Relation, columns: readonly string[] | undefined): readonly Stored[] {
  const { oid, schema, name, temporary } = relation
  return relation.columns.flatMap(({ attnum, name: column, labels: all }): readonly Stored[] => {
    const labels = all.filter((label) => label !== UNLABELLED)
    if (labels.length === 0 || (columns !== undefined && !columns.includes(column))) return []
    const at = { oid, before: 0, schema, name, temporary }
    return [
      { relation: at, attnum, column, from: `${schema}.${name}.${column}`, labels, kept: true },
    ]
  })
}
