// What a dbt project says about columns: `meta.pii`, `meta.contains_pii` and `meta.labels` of models, seeds,
// snapshots and sources in target/manifest.json.
import { readFile, stat } from 'node:fs/promises'
import { GatewayError } from '../errors.js'
import type { Evidence } from './evidence.js'
import { isKind } from './kinds.js'
import { nameEvidence } from './name-evidence.js'

export type DbtColumns = (
  database: string,
  schema: string,
  table: string,
  column: string,
) => readonly Evidence[]

const BYTES_MAX = 512 * 1024 * 1024

export async function readDbtManifest(file: string): Promise<DbtColumns> {
  try {
    const { size } = await stat(file)
    if (size > BYTES_MAX) throw new Error('it has more than 512 MiB')
    return dbtColumns(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is not JSON' : String(cause)
    throw new GatewayError('not_found', `the dbt manifest ${file} cannot be read: ${why}`, {
      cause,
    })
  }
}

export function dbtColumns(manifest: unknown): DbtColumns {
  const byColumn = new Map<string, { readonly database: string; readonly found: Evidence[] }[]>()
  for (const node of [...valuesOf(manifest, 'nodes'), ...valuesOf(manifest, 'sources')]) {
    const [schema, table] = [textOf(node, 'schema'), tableOf(node)]
    for (const column of valuesOf(node, 'columns')) {
      const name = textOf(column, 'name')
      const found = [memberOf(column, 'meta'), memberOf(memberOf(column, 'config'), 'meta')]
      const evidence = found.flatMap((meta) => metaEvidence(meta, name))
      if (evidence.length === 0) continue
      const key = keyOf(schema, table, name)
      const known = byColumn.get(key) ?? []
      byColumn.set(key, [...known, { database: textOf(node, 'database'), found: evidence }])
    }
  }
  return (database, schema, table, column) =>
    (byColumn.get(keyOf(schema, table, column)) ?? [])
      .filter((one) => one.database === '' || folded(one.database) === folded(database))
      .flatMap(({ found }) => found)
}

function metaEvidence(meta: unknown, column: string): readonly Evidence[] {
  const labels = labelsOf(memberOf(meta, 'labels'))
  if (labels.length > 0) {
    const reason = `dbt’s meta.labels says ${labels.join(', ')}`
    return [{ kind: 'personal', strength: 'stated', from: 'dbt', reason, labels }]
  }
  for (const key of ['pii', 'contains_pii']) {
    const said = memberOf(meta, key)
    const kind = typeof said === 'string' ? kindNamed(said) : undefined
    if (kind === undefined && said !== true && !isYes(said)) continue
    const byName = nameEvidence(column, 'text', '')
    const meant = kind ?? (byName?.clear === true ? byName.kind : 'personal')
    return [{ kind: meant, strength: 'stated', from: 'dbt', reason: `dbt’s meta.${key} says so` }]
  }
  return []
}

function isYes(said: unknown): boolean {
  return typeof said === 'string' && /^(?:true|yes|y|1|high|direct|sensitive)$/i.test(said)
}

function kindNamed(said: string): Evidence['kind'] | undefined {
  const word = said.toLowerCase().replaceAll('-', '_')
  return isKind(word) ? word : nameEvidence(said, 'text', '')?.kind
}

function labelsOf(said: unknown): readonly string[] {
  const words = typeof said === 'string' ? said.split(/[ ,]+/) : Array.isArray(said) ? said : []
  return words.filter(
    (word): word is string => typeof word === 'string' && /^[a-z][\w.-]{0,62}$/i.test(word),
  )
}

function tableOf(node: unknown): string {
  return textOf(node, 'identifier') || textOf(node, 'alias') || textOf(node, 'name')
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts.map(folded))
}

// dbt's adapters quote or do not, and its files say it in either case.
function folded(name: string): string {
  return name.toLowerCase()
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function textOf(value: unknown, key: string): string {
  const found = memberOf(value, key)
  return typeof found === 'string' ? found : ''
}

function valuesOf(value: unknown, key: string): readonly unknown[] {
  const found = memberOf(value, key)
  return typeof found === 'object' && found !== null ? Object.values(found) : []
}
