// Proposes labels for the columns of a database that have none: by their names, what people said about them and
// counts of sampled values. Views and generated columns are labelled by what they read, partitions by parents.
import { loadModule } from 'libpg-query'
import type { Catalogue, Column, Relation } from '../../engine/facts/postgres/catalogue.js'
import { labelled } from '../../engine/facts/postgres/labels.js'
import type { LabelRule } from '../../engine/policy/policy.js'
import { loadCatalogue, type Query } from '../targets/catalogue.js'
import type { DbtColumns } from './dbt-manifest.js'
import { describedBy, type Descriptions } from './descriptions.js'
import { namesInTable, type NameEvidence } from './name-evidence.js'
import { sampled, type TallyOfColumn } from './sample.js'
import { commentEvidence, securityLabelEvidence } from './statements-about.js'
import { typeMeaning } from './type-families.js'
import { CONFIDENCES, weighed, type Confidence, type Weighed } from './weigh.js'

export type Proposal = Weighed & {
  readonly schema: string
  readonly table: string
  readonly column: string
}

export type Following = { readonly column: string; readonly from: readonly string[] }

export type Scan = {
  readonly database: string
  readonly columns: number
  readonly labelled: number
  readonly sampledTables: number
  readonly sampledRows: number
  readonly proposals: readonly Proposal[]
  // Columns that get labels as soon as the proposed ones hold, because of what they read.
  readonly following: readonly Following[]
  // Tables whose values were not looked at, and why.
  readonly unread: readonly { readonly table: string; readonly why: string }[]
}

export type ScanParts = {
  readonly query: Query
  readonly rules: readonly LabelRule[]
  // Rows of each table; 0 looks at no value.
  readonly sampleRows: number
  readonly dbt: DbtColumns | undefined
  // From which confidence on a proposal counts as made.
  readonly least: Confidence
}

export async function scan(parts: ScanParts): Promise<Scan> {
  const { query, rules, sampleRows, dbt, least } = parts
  await loadModule()
  const bare = await loadCatalogue(query, new Map())
  const descriptions = await describedBy(query)
  const before = labelled(bare, rules)
  const heard: Hearing = { catalogue: before, descriptions, dbt, query, sampleRows }
  const [proposals, unread]: [Proposal[], { table: string; why: string }[]] = [[], []]
  let [sampledTables, sampledRows] = [0, 0]
  for (const relation of relationsOf(before).filter((one) => !isView(one))) {
    const found = await proposalsFor(
      withColumns(relation, ({ generated }) => !generated),
      heard,
    )
    proposals.push(...found.proposals)
    if (found.why !== undefined) unread.push({ table: nameOf(relation), why: found.why })
    if (found.rows !== undefined) {
      sampledTables += 1
      sampledRows += found.rows
    }
  }
  const made = proposals.filter(({ confidence }) => isAtLeast(confidence, least))
  const after = labelled(bare, [...rules, ...made.map(ruleOf)])
  // What no label reached is looked at for itself.
  const late = { ...heard, catalogue: after, sampleRows: 0 }
  for (const relation of relationsOf(after)) {
    const own = withColumns(relation, ({ generated }) => generated || isView(relation))
    if (own.columns.length > 0) proposals.push(...(await proposalsFor(own, late)).proposals)
  }
  const all = relationsOf(before).flatMap(({ columns }) => columns)
  return {
    database: bare.database,
    columns: all.length,
    labelled: all.filter(({ labels }) => labels.length > 0).length,
    sampledTables,
    sampledRows,
    proposals: sortedBySureness(proposals),
    following: followingOf(before, after),
    unread,
  }
}

export function ruleOf({ schema, table, column, labels }: Proposal): LabelRule {
  return { schema, table, column, labels }
}

export function isAtLeast(confidence: Confidence, least: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) <= CONFIDENCES.indexOf(least)
}

type Hearing = Pick<ScanParts, 'query' | 'dbt' | 'sampleRows'> & {
  readonly catalogue: Catalogue
  readonly descriptions: Descriptions
}

type Found = {
  readonly proposals: readonly Proposal[]
  // Undefined where no values were asked for.
  readonly rows?: number
  readonly why?: string
}

async function proposalsFor(relation: Relation, heard: Hearing): Promise<Found> {
  const columns = relation.columns.filter(
    (column) => column.labels.length === 0 && !isInherited(column, relation, heard.catalogue),
  )
  const values = await valuesOf(relation, columns, heard)
  const names = namesOf(relation, heard.catalogue)
  const proposals = columns.flatMap((column): readonly Proposal[] => {
    const { catalogue, descriptions, dbt } = heard
    const { comment, securityLabel } = descriptions.columnOf(relation.oid, column.attnum)
    const found = values.tallies.get(column.name)
    const opinion = weighed({
      name: names.get(column.name),
      statements: [
        ...(comment === undefined ? [] : commentEvidence(comment)),
        ...(securityLabel === undefined ? [] : securityLabelEvidence(securityLabel)),
        ...(dbt?.(catalogue.database, relation.schema, relation.name, column.name) ?? []),
      ],
      tally: found?.form === 'text' ? found.tally : undefined,
      json: found?.form === 'json' ? found.tally : undefined,
    })
    if (opinion === undefined) return []
    return [{ schema: relation.schema, table: relation.name, column: column.name, ...opinion }]
  })
  const { rows, why } = values
  return {
    proposals,
    ...(rows === undefined ? {} : { rows }),
    ...(why === undefined ? {} : { why }),
  }
}

function namesOf(relation: Relation, catalogue: Catalogue): ReadonlyMap<string, NameEvidence> {
  // All columns of the table, labelled or not, say whether it is one of people.
  const { columns, name } = catalogue.relationByOid(relation.oid) ?? relation
  const named = columns.map((one) => ({
    name: one.name,
    family: typeMeaning(catalogue, one.type).family,
  }))
  return namesInTable(name, named)
}

type Values = {
  readonly tallies: ReadonlyMap<string, TallyOfColumn>
  readonly rows?: number
  readonly why?: string
}

async function valuesOf(
  relation: Relation,
  columns: readonly Column[],
  { catalogue, descriptions, query, sampleRows }: Hearing,
): Promise<Values> {
  const nothing = new Map<string, TallyOfColumn>()
  const wanted = columns.flatMap((column) => {
    const { form } = typeMeaning(catalogue, column.type)
    return form === undefined || column.generated ? [] : [{ column, form, name: column.name }]
  })
  if (sampleRows === 0 || wanted.length === 0) return { tallies: nothing }
  if (relation.kind === 'f') {
    return { tallies: nothing, why: 'a foreign table: reading it would ask another server' }
  }
  const readable = wanted.filter(
    ({ column }) => descriptions.columnOf(relation.oid, column.attnum).readable,
  )
  if (readable.length === 0) {
    return { tallies: nothing, why: 'the account has no right to read it' }
  }
  const { schema, name, kind } = relation
  const result = await sampled(
    query,
    {
      schema,
      name,
      hasPages: kind === 'r',
      rows: descriptions.rowsOf(relation.oid),
      columns: readable,
    },
    sampleRows,
  )
  if (!result.ok) return { tallies: nothing, why: result.why }
  const tallies = new Map(
    result.columns.flatMap((tally, place) => {
      const column = readable[place]
      return column === undefined ? [] : [[column.name, tally] as const]
    }),
  )
  const left = wanted.length - readable.length
  const why = left === 0 ? undefined : `the account has no right to read ${left} of its columns`
  return { tallies, rows: result.rows, ...(why === undefined ? {} : { why }) }
}

// Labels pass between a parent and its partitions, so that the parent alone is labelled.
function isInherited(column: Column, relation: Relation, catalogue: Catalogue): boolean {
  return relation.parents.some((oid) =>
    catalogue.relationByOid(oid)?.columns.some(({ name }) => name === column.name),
  )
}

function relationsOf(catalogue: Catalogue): readonly Relation[] {
  return (catalogue.userRelations ?? [])
    .filter(({ kind, temporary }) => ['r', 'p', 'f', 'v', 'm'].includes(kind) && !temporary)
    .filter(({ schema }) => schema !== 'information_schema' && !schema.startsWith('pg_'))
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}

function withColumns(relation: Relation, wanted: (column: Column) => boolean): Relation {
  return { ...relation, columns: relation.columns.filter(wanted) }
}

function isView({ kind }: Relation): boolean {
  return kind === 'v' || kind === 'm'
}

function followingOf(before: Catalogue, after: Catalogue): readonly Following[] {
  return relationsOf(after).flatMap((relation) =>
    relation.columns.flatMap((column): readonly Following[] => {
      const earlier = before
        .relationByOid(relation.oid)
        ?.columns.find(({ attnum }) => attnum === column.attnum)
      const isNew = column.labels.length > 0 && (earlier?.labels.length ?? 0) === 0
      // Partitions go without saying.
      if (!isView(relation) && !column.generated) return []
      if (!isNew || column.derived === undefined) return []
      const from = column.derived.map((one) => one.from)
      return [{ column: `${nameOf(relation)}.${column.name}`, from }]
    }),
  )
}

function sortedBySureness(proposals: readonly Proposal[]): readonly Proposal[] {
  const rank = ({ confidence }: Proposal): number => CONFIDENCES.indexOf(confidence)
  return [...proposals].sort((one, other) => rank(one) - rank(other))
}

function nameOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}
