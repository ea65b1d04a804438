// OPA's own compliance cases, as they lie in the sources of the pinned OPA: a query, modules, data and
// input, and what must come of them. Read as OPA reads them: YAML, turned into JSON by Go's rules.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml'
import { type RegoValue } from '../../engine/policy/rego-value.js'
import { OPA_VERSION } from '../../proxy/policies/opa.js'

export type Case = {
  readonly area: string
  readonly note: string
  readonly query: string
  readonly modules: readonly string[]
  // As JSON and as Rego.
  readonly data: string
  readonly input: string | undefined
  readonly wanted: Wanted
}

// Bindings of the query's variables; nothing where the case wants a failure.
export type Wanted = {
  readonly bindings: readonly RegoValue[] | undefined
  readonly errorCode: string | undefined
  readonly strict: boolean
  readonly sorted: boolean
}

const MODULE = `github.com/open-policy-agent/opa@v${OPA_VERSION}`
const FOLDER = 'v1/test/cases/testdata/v1'

// The folder with the cases, or why there is none.
export function casesFolder(): { readonly folder: string } | { readonly missing: string } {
  try {
    const go = (...args: readonly string[]): string =>
      execFileSync('go', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
    const folder = join(go('env', 'GOMODCACHE'), MODULE, FOLDER)
    if (!existsSync(folder)) go('mod', 'download', MODULE)
    return existsSync(folder) ? { folder } : { missing: `${MODULE} holds no ${FOLDER}` }
  } catch {
    return { missing: `OPA’s cases need Go, and ${MODULE} from its module cache or proxy` }
  }
}

export function casesIn(folder: string): readonly Case[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      const document = parseDocument(readFileSync(join(folder, name), 'utf8'), {
        version: '1.1',
        uniqueKeys: false,
      })
      const list = document.get('cases')
      if (!isSeq(list)) throw new Error(`${name} holds no cases`)
      return list.items.map((item) => caseOf(document, item as Node, name.split('/')[0] ?? ''))
    })
}

function caseOf(document: Document, item: Node, area: string): Case {
  if (!isMap(item)) throw new Error('a case is no map')
  const text = (name: string): string | undefined => {
    const found = item.get(name)
    return found === undefined || found === null ? undefined : String(found)
  }
  const value = (name: string): RegoValue | undefined => {
    const found = item.get(name, true) as Node | undefined
    return found === undefined ? undefined : valueOf(document, found)
  }
  const modules = value('modules')
  const input = value('input')
  const bindings = value('want_result')
  return {
    area,
    note: text('note') ?? '',
    query: text('query') ?? '',
    modules: Array.isArray(modules) ? modules.map(String) : [],
    data: written(value('data') ?? { object: [] }),
    input: text('input_term') ?? (input === undefined ? undefined : written(input)),
    wanted: {
      bindings: Array.isArray(bindings) ? bindings : undefined,
      errorCode: text('want_error_code'),
      strict: item.get('strict_error') === true,
      sorted: item.get('sort_bindings') === true,
    },
  }
}

function valueOf(document: Document, node: Node | null): RegoValue {
  if (node === null) return null
  if (isAlias(node)) return valueOf(document, node.resolve(document) ?? null)
  if (isSeq(node)) return node.items.map((item) => valueOf(document, item as Node))
  if (isMap(node)) {
    return {
      object: node.items.map(
        ({ key, value }) => [keyOf(key), valueOf(document, value as Node | null)] as const,
      ),
    }
  }
  if (!isScalar(node)) throw new Error('a strange node')
  const { value, source = '' } = node
  if (typeof value === 'number') return { number: numberText(value, source) }
  return typeof value === 'boolean' || value === null ? value : String(value)
}

// Keys of a YAML map become texts in JSON.
function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

// Whole numbers of 64 bits keep their digits; all others are a float64 on the way.
function numberText(value: number, source: string): string {
  if (/^[-+]?\d+$/.test(source) && BigInt.asIntN(65, BigInt(source)) === BigInt(source))
    return BigInt(source).toString()
  return String(value)
}

export function written(value: RegoValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if ('number' in value) return value.number
  if ('set' in value) throw new Error('JSON has no sets')
  if ('object' in value) {
    const members = value.object.map(([key, inner]) => `${written(key)}:${written(inner)}`)
    return `{${members.join(',')}}`
  }
  return `[${value.map(written).join(',')}]`
}
