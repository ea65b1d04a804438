// Compares the label rules of a policy with the columns that a database has: rules that label nothing, columns
// that look sensitive and have no label, labels that no rule speaks of, rules that say the same or differ.
import type { Catalogue, Column, Relation } from '../../engine/facts/postgres/catalogue.js'
import { labelled } from '../../engine/facts/postgres/labels.js'
import type { LabelRule } from '../../engine/policy/policy.js'
import { globOf } from '../policies/backtest/glob.js'
import { nearest } from '../policies/check/near-miss.js'
import type { Finding } from '../policies/findings.js'
import type { LabelData, PlacedLabelRule } from './label-data.js'
import { KINDS } from './kinds.js'
import { namesInTable } from './name-evidence.js'
import { typeMeaning } from './type-families.js'

export const LABEL_CHECKS = {
  'label-rule-broken': 'an entry of the list is no rule, and a gateway would refuse the policies',
  'label-rule-empty': 'a rule labels no column of this database',
  'label-missing': 'a column looks sensitive by its name and has no label',
  'label-unspoken': 'no rule of the policy speaks of a label, so that it protects nothing',
  'label-rule-twice': 'two rules label the same columns in the same way',
  'label-contradiction': 'two rules say that the same column is different things',
} as const

// The parser's module must have been loaded (`loadModule` of libpg-query).
export function checkedLabels(bare: Catalogue, data: LabelData): readonly Finding[] {
  const { database } = bare
  const own = data.rules.filter(({ rule }) => patternOf(rule.database)(database))
  const reach = own.map((placed) => ({ placed, columns: columnsOf(placed.rule, bare) }))
  return [
    ...data.broken.map((place) => finding('label-rule-broken', 'error', place, ...BROKEN)),
    ...reach
      .filter(({ columns }) => columns.length === 0)
      .map((one) => emptyRule(one.placed, bare, data)),
    ...missing(bare, data),
    ...unspoken(data),
    ...twice(reach),
    ...contradictions(reach),
  ]
}

const BROKEN = [
  'this is no rule for columns',
  'write it as {column, labels: [one or more]}, with database, schema and table where wanted',
] as const

type Reach = { readonly placed: PlacedLabelRule; readonly columns: readonly string[] }

function columnsOf(rule: LabelRule, bare: Catalogue): readonly string[] {
  const [schema, table, column] = [rule.schema, rule.table, rule.column].map(patternOf)
  return tablesOf(bare).flatMap((relation) =>
    schema?.(relation.schema) === true && table?.(relation.name) === true
      ? relation.columns
          .filter(({ name }) => column?.(name))
          .map(({ name }) => fullName(relation, name))
      : [],
  )
}

// A rule without a table may be meant for another database of the same policy: a warning, unless a column
// that nobody labelled has nearly its name.
function emptyRule({ rule, ...place }: PlacedLabelRule, bare: Catalogue, data: LabelData): Finding {
  const what = `no column of database ${bare.database} is ${patternText(rule)}`
  const [isSchema, isTable] = [patternOf(rule.schema), patternOf(rule.table)]
  const inSchema = tablesOf(bare).filter(({ schema }) => isSchema(schema))
  const inTable = inSchema.filter(({ name }) => isTable(name))
  const all = tablesOf(
    labelled(
      bare,
      data.rules.map((one) => one.rule),
    ),
  )
  const bareNames = all.flatMap((relation) =>
    inTable.some(({ oid }) => oid === relation.oid)
      ? relation.columns.filter(({ labels }) => labels.length === 0).map(({ name }) => name)
      : [],
  )
  const column = nearest(rule.column, [...new Set(bareNames)])
  if (column !== undefined) return empty('error', `did you mean the column ${shown(column)}?`)
  if (rule.table !== undefined && inTable.length > 0) {
    return empty(
      'error',
      'the table is there and has no such column: correct the name, or take the rule away',
    )
  }
  const tables = [...new Set(inSchema.map(({ name }) => name))]
  const table = rule.table === undefined ? undefined : nearest(rule.table, tables)
  if (table !== undefined) return empty('error', `did you mean the table ${shown(table)}?`)
  return empty('warning', 'take it away, or say with `database` that it is for another database')

  function empty(severity: Finding['severity'], fix: string): Finding {
    return finding('label-rule-empty', severity, place, what, fix)
  }
}

function missing(bare: Catalogue, { rules, place }: LabelData): readonly Finding[] {
  const given = rules.map(({ rule }) => rule)
  const stored = soundingSensitive(labelled(bare, given), (relation, { generated }) => {
    return !isView(relation) && !generated
  })
  // What reads one of those gets its label from there, and is named only where nothing else helps.
  const after = labelled(bare, [...given, ...stored.map(({ rule }) => rule)])
  const computed = soundingSensitive(after, (relation, column) => {
    return isView(relation) || column.generated
  })
  return [...stored, ...computed].map(({ name, called, rule: { labels } }) => {
    const what = `${shown(name)} sounds like ${called} and has no label`
    const fix = `label it [${labels.join(', ')}]; sallyport labels scan looks at values too and writes the rule`
    return finding('label-missing', 'warning', place, what, fix)
  })
}

type Sounding = { readonly name: string; readonly called: string; readonly rule: LabelRule }

function soundingSensitive(
  catalogue: Catalogue,
  isMeant: (relation: Relation, column: Column) => boolean,
): readonly Sounding[] {
  return tablesOf(catalogue).flatMap((relation) => {
    const named = relation.columns.map(({ name, type }) => ({
      name,
      family: typeMeaning(catalogue, type).family,
    }))
    const names = namesInTable(relation.name, named)
    return relation.columns.flatMap((column): readonly Sounding[] => {
      const found = names.get(column.name)
      if (found?.clear !== true || column.labels.length > 0) return []
      if (!isMeant(relation, column) || isInherited(column, relation, catalogue)) return []
      const { labels, called } = KINDS[found.kind]
      const { schema, name: table } = relation
      const rule = { schema, table, column: column.name, labels }
      return [{ name: fullName(relation, column.name), called, rule }]
    })
  })
}

function isView({ kind }: Relation): boolean {
  return kind === 'v' || kind === 'm'
}

// `pii.email` needs no rule of its own where `pii` stands beside it and has one.
function unspoken({ rules, isSpokenOf }: LabelData): readonly Finding[] {
  const first = new Map<string, PlacedLabelRule>()
  for (const placed of rules) {
    for (const label of placed.rule.labels) {
      const above = label.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'))
      const covered = above.some((one) => placed.rule.labels.includes(one) && isSpokenOf(one))
      if (!covered && !first.has(label)) first.set(label, placed)
    }
  }
  return [...first].map(([label, { rule: _, ...place }]) => {
    const parent = label.split('.')[0] ?? label
    const fix = isSpokenOf(parent)
      ? `add the label “${parent}”, of which rules speak`
      : `write a rule about “${label}”, or give the columns a label that has one`
    const what = `no rule of the policy speaks of “${label}”: columns with it alone are not protected`
    return finding('label-unspoken', 'warning', place, what, fix)
  })
}

function twice(reach: readonly Reach[]): readonly Finding[] {
  return reach.flatMap(({ placed, columns }, at): readonly Finding[] => {
    if (columns.length === 0) return []
    const other = reach.find((one, place) => {
      const wider = columns.every((name) => one.columns.includes(name))
      const same = placed.rule.labels.every((label) => one.placed.rule.labels.includes(label))
      // Of two that are equal the later is one too many; one without a path speaks of all paths.
      const first = place < at || one.columns.length > columns.length
      const { path } = one.placed.rule
      const below = path === undefined || path === placed.rule.path
      return place !== at && wider && same && first && below
    })
    if (other === undefined) return []
    const { rule: _, ...place } = placed
    const what = `${patternText(placed.rule)} has these labels by ${other.placed.file}:${other.placed.line} already`
    return [finding('label-rule-twice', 'warning', place, what, 'take one of the two away')]
  })
}

// Two kinds below one label, such as pii.card and pii.ssn, on one column from two rules.
function contradictions(reach: readonly Reach[]): readonly Finding[] {
  const findings: Finding[] = []
  const said = new Map<string, { readonly label: string; readonly placed: PlacedLabelRule }[]>()
  const told = new Set<string>()
  for (const { placed, columns } of reach) {
    const { rule, ...place } = placed
    const below = rule.path?.slice(1) ?? ''
    for (const name of columns.map((one) => one + below)) {
      const known = said.get(name) ?? []
      const own = rule.labels.filter((one) => one.includes('.')).map((label) => ({ label, placed }))
      for (const { label } of own) {
        const other = known.find(
          (one) => one.label !== label && familyOf(one.label) === familyOf(label),
        )
        const pair = `${place.file}:${place.line} ${label} ${other?.label}`
        if (other === undefined || told.has(pair)) continue
        told.add(pair)
        const where = `${other.placed.file}:${other.placed.line}`
        const what = `${shown(name)} is ${label} here and ${other.label} by ${where}`
        const fix = 'both hold: keep the one that is true, or narrow the patterns by table'
        findings.push(finding('label-contradiction', 'warning', place, what, fix))
      }
      said.set(name, [...known, ...own])
    }
  }
  return findings
}

function familyOf(label: string): string {
  return label.slice(0, label.lastIndexOf('.'))
}

function tablesOf(catalogue: Catalogue): readonly Relation[] {
  return (catalogue.userRelations ?? []).filter(
    ({ kind, temporary, schema }) =>
      ['r', 'p', 'f', 'v', 'm'].includes(kind) &&
      !temporary &&
      schema !== 'information_schema' &&
      !schema.startsWith('pg_'),
  )
}

function isInherited(column: Column, relation: Relation, catalogue: Catalogue): boolean {
  return relation.parents.some((oid) =>
    catalogue.relationByOid(oid)?.columns.some(({ name }) => name === column.name),
  )
}

function fullName({ schema, name }: Relation, column: string): string {
  return `${schema}.${name}.${column}`
}

function patternText({ schema, table, column }: LabelRule): string {
  return shown([schema, table, column].flatMap((part) => part ?? []).join('.'))
}

function patternOf(pattern: string | undefined): (name: string) => boolean {
  return globOf(pattern === undefined ? undefined : [pattern])
}

// Names are anybody's: control characters would steer the terminal.
function shown(name: string): string {
  return `“${name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')}”`
}

function finding(
  rule: keyof typeof LABEL_CHECKS,
  severity: Finding['severity'],
  { file, line, column }: LabelData['place'],
  message: string,
  fix: string,
): Finding {
  return { rule, severity, file, line, column, message, fix }
}
