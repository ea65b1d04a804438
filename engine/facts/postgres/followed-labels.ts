// Labels that followed data into columns which no rule names: put onto a catalogue's columns beside those of
// the rules, by what the database itself calls a column (OID and attribute number) once that is known.
import type { Catalogue, Column, Oid, Relation } from './catalogue.js'
import type { Stored } from './stored.js'

export type FollowedLabel = {
  // 0 while it is not known; then the names count.
  readonly oid: Oid
  // 0: any column; -1: the one of that name, which is new.
  readonly attnum: number
  readonly schema: string
  readonly relation: string
  readonly column: string
  readonly labels: readonly string[]
  // The database has shown the relation under this OID: its name says nothing any more.
  readonly bound: boolean
}

type Index = {
  readonly byOid: ReadonlyMap<Oid, readonly FollowedLabel[]>
  readonly byName: ReadonlyMap<string, readonly FollowedLabel[]>
}

const INDEXES = new WeakMap<readonly FollowedLabel[], Index>()
const NONE: readonly FollowedLabel[] = []

// Those that are about a relation: by its number, and while that is not certain by its name.
export function followedLabels(
  { oid, schema, name, temporary }: Relation,
  followed: readonly FollowedLabel[],
): readonly FollowedLabel[] {
  const { byOid, byName } = INDEXES.get(followed) ?? indexOf(followed)
  const numbered = byOid.get(oid) ?? NONE
  const named = byName.get(nameOf(temporary ? 'pg_temp' : schema, name)) ?? NONE
  return named.length === 0 ? numbered : [...new Set([...numbered, ...named])]
}

function indexOf(followed: readonly FollowedLabel[]): Index {
  const byOid = new Map<Oid, FollowedLabel[]>()
  const byName = new Map<string, FollowedLabel[]>()
  const put = <Key>(to: Map<Key, FollowedLabel[]>, key: Key, one: FollowedLabel): void => {
    const list = to.get(key)
    if (list === undefined) to.set(key, [one])
    else list.push(one)
  }
  for (const one of followed) {
    if (one.oid !== 0) put(byOid, one.oid, one)
    if (!one.bound) put(byName, nameOf(one.schema, one.relation), one)
  }
  const index = { byOid, byName }
  INDEXES.set(followed, index)
  return index
}

function nameOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}

// Of those that are about this relation, the labels of one of its columns.
export function followedLabelsOf(
  column: Pick<Column, 'attnum' | 'name'>,
  about: readonly FollowedLabel[],
): readonly string[] {
  return about.flatMap((one) => {
    // Until it is known which relation it is, either of number and name will do.
    const fits =
      one.attnum === 0 || one.attnum === column.attnum || (!one.bound && one.column === column.name)
    return fits && column.attnum > 0 ? one.labels : []
  })
}

// For the statements behind one in the same text: they are read before it has run.
export function withStored(catalogue: Catalogue, stored: readonly Stored[]): Catalogue {
  const now = stored.filter(({ kept }) => !kept)
  if (now.length === 0) return catalogue
  const known = new Map<Relation, Relation>()
  const grown = (relation: Relation): Relation => {
    const before = known.get(relation)
    if (before !== undefined) return before
    const after = holding(relation, now, catalogue)
    known.set(relation, after)
    return after
  }
  const found = (relation: Relation | undefined): Relation | undefined =>
    relation === undefined ? undefined : grown(relation)
  return {
    ...catalogue,
    relation: (schema, name) => found(catalogue.relation(schema, name)),
    relationByOid: (oid) => found(catalogue.relationByOid(oid)),
    ...(catalogue.userRelations === undefined
      ? {}
      : { userRelations: catalogue.userRelations.map(grown) }),
  }
}

function holding(relation: Relation, stored: readonly Stored[], catalogue: Catalogue): Relation {
  const about = stored.filter((one) => isAbout(one, relation, catalogue))
  if (about.length === 0) return relation
  return {
    ...relation,
    columns: relation.columns.map((column) => {
      const more = about.filter((one) => one.attnum === 0 || one.column === column.name)
      if (more.length === 0) return column
      const labels = new Set([...column.labels, ...more.flatMap((one) => one.labels)])
      const followed = labels.size === column.labels.length ? {} : { followed: true as const }
      return { ...column, labels: [...labels].sort(), ...followed }
    }),
  }
}

// The relation itself, or one that shows its rows or whose rows it shows.
function isAbout({ relation: into }: Stored, relation: Relation, catalogue: Catalogue): boolean {
  if (into.oid === 0) return into.schema === relation.schema && into.name === relation.name
  if (into.oid === relation.oid || relation.parents.includes(into.oid)) return true
  return catalogue.relationByOid(into.oid)?.parents.includes(relation.oid) === true
}
