// Words that facts never hold: a rule that compares a closed field with one is silent for ever, or always
// speaks. And members that facts cannot have, where OPA's own check does not look: behind `object.get`.
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { closedMembers, wordsOf, type Field } from './field-schema.js'
import type { Constant } from './knowledge.js'
import { suggestion } from './near-miss.js'
import type { Term } from './rego-tree.js'
import type { Scope } from './scope.js'
import { walkLibrary } from './walk.js'

export const closedWords: Check = {
  rules: {
    'unknown-word': 'a closed field of the facts is compared with a word that it never holds',
    'unknown-field': 'a field is read that the facts cannot have',
  },
  run: (input) => {
    const found: Finding[] = []
    const visit = (term: Term, scope: Scope): void => {
      if (term.kind === 'call') {
        found.push(...comparedWords(term, scope, input), ...missingMembers(term, scope, input))
      }
      if (term.kind === 'ref') {
        found.push(...lookedUp(term, scope, input), ...missingFields(term, scope, input))
      }
    }
    walkLibrary(input.library, {
      term: visit,
      expression: (one, scope) => {
        // `"update" in x` and `some "update" in x` alike.
        if (one.kind === 'some-in' && one.value.kind === 'scalar') {
          const field = input.knowledge.itemFieldOf(one.domain, scope)
          if (field) found.push(...foreign(field, choices(one.value, scope, input)))
        }
      },
    })
    return unique(found)
  },
}

// Each comparison of a place of the facts with constants: the place, and the constants.
export function comparedWith(
  term: Extract<Term, { kind: 'call' }>,
  scope: Scope,
  { knowledge }: CheckInput,
): readonly (readonly [Field, readonly Constant[]])[] {
  const [left, right, last] = term.args
  if (left === undefined || right === undefined) return []
  const pairs: (readonly [Field | undefined, readonly Constant[] | undefined])[] = []
  switch (term.callee) {
    case 'equal':
    case 'eq':
    case 'neq':
      pairs.push([knowledge.fieldOf(left, scope), knowledge.choicesOf(right, scope)])
      pairs.push([knowledge.fieldOf(right, scope), knowledge.choicesOf(left, scope)])
      break
    case 'internal.member_2':
      pairs.push([knowledge.fieldOf(left, scope), knowledge.elementsOf(right, scope)])
      pairs.push([knowledge.itemFieldOf(right, scope), knowledge.choicesOf(left, scope)])
      break
    case 'internal.member_3':
      if (last !== undefined) {
        pairs.push([knowledge.fieldOf(right, scope), knowledge.elementsOf(last, scope)])
      }
      break
    case 'and':
    case 'minus':
      // Sets of the facts beside sets of words.
      pairs.push([knowledge.itemFieldOf(left, scope), knowledge.elementsOf(right, scope)])
      pairs.push([knowledge.itemFieldOf(right, scope), knowledge.elementsOf(left, scope)])
      break
    case 'object.get':
      // A table of constants asked by a closed field.
      pairs.push([knowledge.fieldOf(right, scope), knowledge.keysOf(left, scope)])
      break
  }
  return pairs.flatMap(([field, words]) => (field && words ? [[field, words] as const] : []))
}

function comparedWords(
  term: Extract<Term, { kind: 'call' }>,
  scope: Scope,
  input: CheckInput,
): readonly Finding[] {
  return comparedWith(term, scope, input).flatMap(([field, words]) => foreign(field, words))
}

// `_reasons[part.reason]` with a table of constants.
function lookedUp(
  term: Extract<Term, { kind: 'ref' }>,
  scope: Scope,
  { knowledge }: CheckInput,
): readonly Finding[] {
  const [key] = term.path
  if (key === undefined || key.kind === 'scalar') return []
  const keys = knowledge.keysOf(term.head, scope)
  const field = keys === undefined ? undefined : knowledge.fieldOf(key, scope)
  return field === undefined || keys === undefined ? [] : foreign(field, keys)
}

// Arguments of functions may be anything to OPA; where all calls agree on what one is, we know better.
function missingFields(
  term: Extract<Term, { kind: 'ref' }>,
  scope: Scope,
  { knowledge }: CheckInput,
): readonly Finding[] {
  for (const [at, part] of term.path.entries()) {
    if (part.kind !== 'scalar' || typeof part.value !== 'string') continue
    const before: Term = at === 0 ? term.head : { ...term, path: term.path.slice(0, at) }
    const field = knowledge.fieldOf(before, scope)
    const members = field === undefined ? undefined : closedMembers(field)
    if (field === undefined || members === undefined || members.includes(part.value)) continue
    const where = field.path === '' ? 'input' : field.path
    const place = { file: scope.placed.file.file, at: term.at }
    const message = `${where} has no field “${part.value}”, so this is never true`
    return [problem('unknown-field', place, message, suggestion(part.value, members))]
  }
  return []
}

function missingMembers(
  term: Extract<Term, { kind: 'call' }>,
  scope: Scope,
  { knowledge }: CheckInput,
): readonly Finding[] {
  const [object, key] = term.args
  if (term.callee !== 'object.get' || object === undefined || key === undefined) return []
  const field = knowledge.fieldOf(object, scope)
  const members = field === undefined ? undefined : closedMembers(field)
  const [first] = key.kind === 'array' ? key.items : [key]
  if (field === undefined || members === undefined || first?.kind !== 'scalar') return []
  const name = String(first.value)
  if (members.includes(name)) return []
  const where = field.path === '' ? 'input' : field.path
  const message = `${where} has no member “${name}”, so this is always the value given instead`
  const place = { file: scope.placed.file.file, at: first.at }
  return [problem('unknown-field', place, message, suggestion(name, members))]
}

function foreign(field: Field, words: readonly Constant[]): readonly Finding[] {
  const known = wordsOf(field)
  if (known === undefined) return []
  return words.flatMap((word) => {
    if (known.includes(word.value)) return []
    const shown = JSON.stringify(word.value)
    const message = `${field.path} is never ${shown}`
    return [problem('unknown-word', word, message, wordFix(word.value, known))]
  })
}

function wordFix(value: unknown, known: readonly unknown[]): string {
  const names = known.map(String)
  if (typeof value !== 'string') return `it is one of ${names.join(', ')}`
  const bare = known.find((one) => typeof one !== 'string' && String(one) === value)
  return bare === undefined ? suggestion(value, names) : `write it without quotes: ${String(bare)}`
}

function choices(term: Term, scope: Scope, { knowledge }: CheckInput): readonly Constant[] {
  return knowledge.choicesOf(term, scope) ?? []
}

// One constant may be compared in many places.
function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()]
}
