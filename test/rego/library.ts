// The shipped policies as they are run: built once per test file, with the cases under
// fixtures/decisions. A case says where its facts differ from the common ones in `base.json`.
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { policyOf } from '../../engine/policy/bundle.js'
import type { ApprovalQuestion, Policy } from '../../engine/policy/policy.js'
import type { Action } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { findOpa } from '../../proxy/policies/opa.js'
import { BUILT_LIBRARY } from '../peers/gateway-config.js'

export const LIBRARY = resolve('rego')
const FIXTURES = 'fixtures/decisions'
const FUEL = 100_000_000

export type Case = {
  readonly name: string
  readonly facts: Facts
  readonly decision: { readonly action: Action; readonly rules: readonly string[] }
}

export type Question = {
  readonly name: string
  readonly question: ApprovalQuestion
  readonly allow: boolean
}

export async function opaPath(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const search = { env: process.env, cache: join(cache, 'sallyport'), progress: () => undefined }
  return (await findOpa(search)).path
}

export async function libraryPolicy(): Promise<Policy> {
  const bytes =
    BUILT_LIBRARY === undefined
      ? await buildBundle({ opa: await opaPath(), folder: LIBRARY })
      : readFileSync(BUILT_LIBRARY)
  return policyOf(bytes, { id: 1, fuel: FUEL })
}

export function cases(): readonly Case[] {
  const base = objectAt(fixture('base.json'), 'base')
  return areas().flatMap((file) =>
    Object.values(objectAt(fixture(file), 'decisions')).flatMap((list) =>
      arrayOf(list).map((one) => {
        const facts = union(base, objectAt(one, 'facts'))
        if (facts['stage'] === 'session') delete facts['command']
        return { ...one, facts } as unknown as Case
      }),
    ),
  )
}

export function questions(): readonly Question[] {
  const { base, questions: list } = objectAt(fixture('approvals.json'), 'approvals')
  return arrayOf(list).map((one) => {
    const question = union(objectOf(base), objectAt(one, 'question'))
    if (one['whole'] === true) delete question['request']
    return { ...one, question } as unknown as Question
  })
}

function areas(): readonly string[] {
  const files = readdirSync(FIXTURES).filter((file) => file.endsWith('.json'))
  return files.filter((file) => file !== 'base.json' && file !== 'approvals.json').sort()
}

type Json = Record<string, unknown>

function fixture(name: string): Json {
  return objectOf(JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')))
}

// What the second says counts, object by object; lists are taken as they are.
function union(one: Json, other: Json): Json {
  const result = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const known = result[key]
    result[key] = isObject(known) && isObject(value) ? union(known, value) : value
  }
  return result
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectOf(value: unknown): Json {
  if (!isObject(value)) throw new Error('no object where a fixture should have one')
  return value
}

function objectAt(value: Json, key: string): Json {
  return objectOf(value[key])
}

function arrayOf(value: unknown): readonly Json[] {
  if (!Array.isArray(value)) throw new Error('no list where a fixture should have one')
  return value.map(objectOf)
}
