// Reads from a policy's syntax trees and data which texts it compares which fields of the facts with. It
// need not understand everything: what it cannot place is a word for any field.
import type { PolicyWords } from './policy-words.js'

// Maps of free keys in the facts: `input.target.labels.env` names the key `env`.
const FREE_KEYS = ['labels', 'claims']
// A policy that names more is sampled well enough by these.
const WORDS_MAX = 2000

type Json = Readonly<Record<string, unknown>>

// What one expression, or one rule's head, holds.
type Found = { readonly fields: Set<string>; readonly words: Set<string> }

export function wordsOfPolicy(modules: readonly unknown[], data: unknown): PolicyWords {
  const byField = new Map<string, Set<string>>()
  const others = new Set<string>()
  const add = (field: string, words: Iterable<string>): void => {
    const known = byField.get(field) ?? new Set<string>()
    for (const word of words) known.add(word)
    byField.set(field, known)
  }
  const rules = modules.flatMap((module) => listOf(objectOf(module)['rules']).map(objectOf))
  const constants = constantsOf(rules)
  for (const rule of rules) {
    const aliases = aliasesIn(rule)
    for (const expression of expressionsIn(rule)) {
      const found: Found = { fields: new Set(), words: new Set() }
      walk(expression, found, { aliases, constants, data, add })
      for (const field of found.fields) add(field, found.words)
    }
  }
  const all: Found = { fields: new Set(), words: new Set() }
  const none = { aliases: new Map(), constants: new Map(), data: undefined, add: () => undefined }
  for (const rule of rules) walk(rule, all, none)
  for (const word of [...all.words, ...textsIn(data)]) others.add(word)
  return {
    byField: Object.fromEntries([...byField].map(([field, words]) => [field, sampled(words)])),
    others: sampled(others),
  }
}

type Around = {
  // Variables that are members of a field: `some label in effect.labels`.
  readonly aliases: ReadonlyMap<string, string>
  // Rules that are nothing but texts: `_wide := {"absent", "trivial"}`.
  readonly constants: ReadonlyMap<string, ReadonlySet<string>>
  readonly data: unknown
  readonly add: (field: string, words: Iterable<string>) => void
}

function walk(node: unknown, found: Found, around: Around): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, found, around)
    return
  }
  const { type, value, ...rest } = objectOf(node)
  if (type === 'string' && typeof value === 'string') {
    if (value !== '') found.words.add(value)
  } else if (type === 'var') {
    variable(String(value), found, around)
  } else if (type === 'ref') {
    reference(listOf(value).map(objectOf), found, around)
  } else if (typeof value === 'object') {
    walk(value, found, around)
  }
  for (const [key, inner] of Object.entries(rest)) {
    if (key !== 'annotations' && typeof inner === 'object') walk(inner, found, around)
  }
}

function variable(name: string, { fields, words }: Found, around: Around): void {
  const field = around.aliases.get(name)
  if (field !== undefined) fields.add(field)
  for (const word of around.constants.get(name) ?? []) words.add(word)
}

function reference(parts: readonly Json[], found: Found, around: Around): void {
  const [head, ...path] = parts
  const name = String(head?.['value'])
  variable(name, found, around)
  const steps = path.map((part) => (part['type'] === 'string' ? String(part['value']) : undefined))
  if (name === 'data') {
    for (const text of textsIn(inside(around.data, steps))) found.words.add(text)
  } else {
    const last = steps.at(-1)
    if (last !== undefined) found.fields.add(last)
    const holder = steps.at(-2)
    if (holder !== undefined && last !== undefined && FREE_KEYS.includes(holder)) {
      around.add(`${holder}.*`, [last])
    }
  }
  // What stands in brackets is compared as anything else.
  for (const part of path) if (part['type'] !== 'string') walk(part, found, around)
}

function inside(data: unknown, steps: readonly (string | undefined)[]): unknown {
  let at: unknown = data
  for (const step of steps) {
    if (step === undefined) return at
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Json)[step]
  }
  return at
}

function constantsOf(rules: readonly Json[]): ReadonlyMap<string, ReadonlySet<string>> {
  const constants = new Map<string, Set<string>>()
  for (const rule of rules) {
    const { name, ref, value } = objectOf(rule['head'])
    const key = String(name ?? objectOf(listOf(ref)[0])['value'])
    const texts = constants.get(key) ?? new Set<string>()
    const none = { aliases: new Map(), constants: new Map(), data: undefined, add: () => undefined }
    walk(value, { fields: new Set(), words: texts }, none)
    if (texts.size > 0) constants.set(key, texts)
  }
  return constants
}

// `some x in …`, which OPA writes as internal.member_2, or _3 with the place.
function aliasesIn(rule: Json): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>()
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const symbol of 'symbols' in node ? listOf(node.symbols) : []) {
      const terms = listOf(objectOf(symbol)['value']).map(objectOf)
      const [domain, member] = [terms.at(-1), terms.at(-2)]
      const last = objectOf(listOf(domain?.['value']).at(-1))
      if (member?.['type'] !== 'var' || domain?.['type'] !== 'ref') continue
      if (last['type'] === 'string') aliases.set(String(member['value']), String(last['value']))
    }
    Object.values(node).forEach(look)
  }
  look(rule)
  return aliases
}

// Each on its own, those within comprehensions and `every` too.
function expressionsIn(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node.flatMap(expressionsIn)
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.values(node).flatMap(expressionsIn)
  return 'terms' in node ? [...inner, node] : inner
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  const keys = Array.isArray(value) ? [] : Object.keys(value)
  return [...keys, ...Object.values(value).flatMap(textsIn)]
}

function sampled(words: ReadonlySet<string>): readonly string[] {
  const sorted = [...words].sort()
  const step = Math.max(1, Math.ceil(sorted.length / WORDS_MAX))
  return sorted.filter((_, at) => at % step === 0)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
