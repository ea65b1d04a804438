// The format of an attack file (`schema: gateway-attacks-pg/1`) and how its shorthands are written out:
// `{repeat, times}` parts are joined, `{{NAME}}` placeholders filled in.
import { readFileSync } from 'node:fs'

export type WireMessage = {
  readonly t?: string
  readonly raw?: string
  readonly [field: string]: unknown
}

export type Step = {
  readonly via: 'simple' | 'extended' | 'protocol' | 'raw' | 'connect' | 'sleep' | 'admin'
  readonly session?: string
  readonly sql?: string
  readonly sql_hex?: string
  readonly send?: readonly WireMessage[]
  readonly params?: readonly unknown[]
  readonly raw_params?: readonly (readonly [string, string])[]
  readonly user?: string
  readonly password?: string
  readonly protocol?: number
  readonly until?: string
  readonly count?: number
  readonly ms?: number
  readonly fragment?: number
  readonly framed?: boolean
  readonly stmt?: string
  readonly portal?: string
  readonly oids?: readonly number[]
  readonly pf?: readonly number[]
  readonly result_formats?: readonly number[]
  readonly describe?: boolean
  readonly max_rows?: number
}

export type Expectation = {
  readonly outcome: 'must_deny' | 'must_mask' | 'must_hold' | 'must_allow'
  readonly acceptable?: readonly string[]
  readonly no_leak_of?: readonly string[]
  readonly indistinguishable?: readonly (readonly [number, number])[]
  readonly effect?: { readonly sql: string; readonly changes?: boolean | null }
  readonly sees?: readonly string[]
  readonly timing?: readonly [number, number]
  readonly row_chars?: string
  readonly allow_canaries?: boolean
}

export type Case = {
  readonly id: string
  readonly category: string
  readonly title: string
  readonly upstream?: 'owner' | 'super'
  readonly setup?: readonly string[]
  readonly teardown?: readonly string[]
  readonly steps: readonly Step[]
  readonly settle_ms?: number
  readonly expect: Expectation
}

export type CaseFile = {
  readonly canaries: readonly string[]
  readonly base_schema_sql: string
  readonly cases: readonly Case[]
}

export function caseFileOf(path: string): CaseFile {
  const found = written(JSON.parse(readFileSync(path, 'utf8'))) as CaseFile
  if (!Array.isArray(found.cases) || !Array.isArray(found.canaries)) {
    throw new Error(
      `${path} holds no attack cases: it needs “cases”, “canaries” and “base_schema_sql”`,
    )
  }
  return found
}

type Part = string | { readonly repeat: string; readonly times: number }

function written(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === 'sql_parts' || key === 'raw_parts'
        ? [key.slice(0, -'_parts'.length), joined(inner as readonly Part[])]
        : [key, written(inner)],
    ),
  )
}

function joined(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times)))
    .join('')
}

// Fills the placeholders of any value in; an unknown one is a mistake in the case.
export function filled<T>(value: T, words: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value).replace(/\{\{([\w:]+)\}\}/g, (_, name: string) => {
    const word = words.get(name)
    if (word === undefined) throw new Error(`no value for {{${name}}}`)
    return JSON.stringify(word).slice(1, -1)
  })
  return JSON.parse(text) as T
}
