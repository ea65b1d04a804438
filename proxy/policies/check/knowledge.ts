// What is certain about a term: which place of the facts it is, which constants it can be. Names are followed
// through variables, other rules and functions, and into data; where that does not lead to one answer, there
// is none, so that no check speaks on a guess.
import { chainOf, type Library, type PlacedRule } from './library.js'
import { itemOf, memberOf, type Field } from './field-schema.js'
import type { DataPath } from './data-documents.js'
import type { At, Scalar, Term } from './rego-tree.js'
import {
  bodyScope,
  functionNamed,
  resolved,
  rulesNamed,
  scopeOf,
  scopesOf,
  type Binding,
  type Scope,
} from './scope.js'
import { walkLibrary } from './walk.js'

export type Constant = { readonly value: Scalar; readonly file: string; readonly at: At }

export type Knowledge = {
  // The place of the facts that a term is.
  readonly fieldOf: (term: Term, scope: Scope) => Field | undefined
  // The place that the items of a list or set are.
  readonly itemFieldOf: (term: Term, scope: Scope) => Field | undefined
  // All that a term can be, where that is a closed list of constants.
  readonly choicesOf: (term: Term, scope: Scope) => readonly Constant[] | undefined
  // The constants that a list or set holds, where it holds nothing else.
  readonly elementsOf: (term: Term, scope: Scope) => readonly Constant[] | undefined
  // Keys of an object of constants keys.
  readonly keysOf: (term: Term, scope: Scope) => readonly Constant[] | undefined
  // The term that a name stands for, with its scope: through variables and rules that are one value.
  readonly followed: (term: Term, scope: Scope) => readonly [Term, Scope]
}

// Through how many names; what is deeper, or leads to itself, is not known.
const DEPTH_MAX = 12

type Call = { readonly args: readonly Term[]; readonly scope: Scope }

export function knowledgeOf(library: Library): Knowledge {
  const calls = callsOf(library)

  const fieldOf = (term: Term, scope: Scope, depth: number): Field | undefined => {
    if (depth === 0) return undefined
    if (term.kind === 'call') return fieldOfCall(term, scope, depth - 1)
    const found = resolved(term, scope)
    if (found.root === 'input') {
      const whole = { path: '', schema: library.inputOf(scope.placed), optional: false }
      return below(whole, found.path)
    }
    if (found.root === 'local') {
      const binding = scope.variables.get(found.name)
      const start = binding === undefined ? undefined : boundField(binding, scope, depth - 1)
      return start === undefined ? undefined : below(start, found.path)
    }
    if (found.root === 'other') return undefined
    const named = rulesNamed(found, library)
    if (named === undefined) return undefined
    if (named.rules.every(({ rule }) => rule.form === 'set')) {
      const item = agreed(valueFields(named.rules, depth - 1))
      return item === undefined || named.rest.length === 0
        ? undefined
        : below(item, named.rest.slice(1))
    }
    const value = agreed(valueFields(named.rules, depth - 1))
    return value === undefined ? undefined : below(value, named.rest)
  }

  const boundField = (binding: Binding, scope: Scope, depth: number): Field | undefined => {
    switch (binding.kind) {
      case 'item':
        return itemFieldOf(binding.domain, binding.scope, depth)
      case 'alias':
        return fieldOf(binding.term, binding.scope, depth)
      case 'argument': {
        const name = [...scope.placed.file.package, ...scope.placed.rule.path].join('.')
        return agreed(
          (calls.get(name) ?? []).map((call) => {
            const arg = call.args[binding.position]
            return arg === undefined ? undefined : fieldOf(arg, call.scope, depth)
          }),
        )
      }
      case 'key':
        return undefined
    }
  }

  const fieldOfCall = (
    term: Extract<Term, { kind: 'call' }>,
    scope: Scope,
    depth: number,
  ): Field | undefined => {
    if (term.callee === 'object.get') {
      const [object, key] = term.args
      const whole = object === undefined ? undefined : fieldOf(object, scope, depth)
      if (whole === undefined || key === undefined) return undefined
      const found = below(whole, key.kind === 'array' ? key.items : [key])
      return found === undefined ? undefined : { ...found, optional: false }
    }
    const name = functionNamed(term.callee, scope)
    return name === undefined ? undefined : agreed(valueFields(library.named(name), depth))
  }

  const valueFields = (rules: readonly PlacedRule[], depth: number): (Field | undefined)[] =>
    rules.flatMap((placed) =>
      scopesOf(library, placed).map((scope) => fieldOf(scope.placed.rule.value, scope, depth)),
    )

  const itemFieldOf = (term: Term, scope: Scope, depth: number): Field | undefined => {
    if (depth === 0) return undefined
    if (term.kind === 'comprehension') {
      return fieldOf(term.value, bodyScope(term.body, scope), depth - 1)
    }
    if (term.kind === 'call' && term.callee === 'sort' && term.args[0] !== undefined) {
      return itemFieldOf(term.args[0], scope, depth - 1)
    }
    const own = fieldOf(term, scope, depth - 1)
    if (own !== undefined) return itemOf(own)
    const found = resolved(term, scope)
    if (found.root === 'local') {
      const binding = scope.variables.get(found.name)
      if (binding?.kind !== 'alias' || found.path.length > 0) return undefined
      return itemFieldOf(binding.term, binding.scope, depth - 1)
    }
    if (found.root !== 'data') return undefined
    const named = rulesNamed(found, library)
    if (named === undefined || named.rest.length > 0) return undefined
    if (named.rules.every(({ rule }) => rule.form === 'set')) {
      return agreed(valueFields(named.rules, depth - 1))
    }
    const [only] = named.rules
    if (only === undefined || named.rules.length > 1) return undefined
    return itemFieldOf(only.rule.value, scopeOf(library, only), depth - 1)
  }

  const followed = (term: Term, scope: Scope, depth: number): readonly [Term, Scope] => {
    if (depth === 0) return [term, scope]
    const found = resolved(term, scope)
    if (found.root === 'local' && found.path.length === 0) {
      const binding = scope.variables.get(found.name)
      if (binding?.kind === 'alias') return followed(binding.term, binding.scope, depth - 1)
    }
    if (found.root === 'data') {
      const named = rulesNamed(found, library)
      const [only] = named?.rules ?? []
      if (
        named?.rules.length === 1 &&
        only !== undefined &&
        named.rest.length === 0 &&
        isValue(only)
      ) {
        return followed(only.rule.value, scopeOf(library, only), depth - 1)
      }
    }
    return [term, scope]
  }

  const choicesOf = (term: Term, scope: Scope, depth: number): readonly Constant[] | undefined => {
    if (depth === 0) return undefined
    const [one, where] = followed(term, scope, depth)
    if (one.kind === 'scalar')
      return [{ value: one.value, file: where.placed.file.file, at: one.at }]
    const found = resolved(one, where)
    if (found.root === 'local' && found.path.length === 0) {
      const binding = where.variables.get(found.name)
      return binding?.kind === 'item'
        ? elementsOf(binding.domain, binding.scope, depth - 1)
        : undefined
    }
    if (found.root !== 'data' || found.path.length > 0) return undefined
    const value = library.data.at(found.name)
    return isScalar(value) ? [{ value, ...library.data.placeOf(found.name) }] : undefined
  }

  const elementsOf = (term: Term, scope: Scope, depth: number): readonly Constant[] | undefined => {
    if (depth === 0) return undefined
    const [one, where] = followed(term, scope, depth)
    if (one.kind === 'array' || one.kind === 'set') {
      return together(one.items.map((item) => choicesOf(item, where, depth - 1)))
    }
    if (one.kind === 'call' && (one.callee === 'or' || one.callee === 'array.concat')) {
      return together(one.args.map((arg) => elementsOf(arg, where, depth - 1)))
    }
    const found = resolved(one, where)
    if (found.root !== 'data' || found.path.length > 0) return undefined
    return dataElements(found.name)
  }

  const dataElements = (path: DataPath): readonly Constant[] | undefined => {
    const list = library.data.at(path)
    if (!Array.isArray(list) || library.named(path.join('.')).length > 0) return undefined
    const values: readonly unknown[] = list
    if (!values.every(isScalar)) return undefined
    return values.map((value, at) => ({ value, ...library.data.placeOf([...path, at]) }))
  }

  const keysOf = (term: Term, scope: Scope): readonly Constant[] | undefined => {
    const [one, where] = followed(term, scope, DEPTH_MAX)
    if (one.kind !== 'object') return undefined
    return together(one.members.map(([key]) => choicesOf(key, where, DEPTH_MAX)))
  }

  return {
    fieldOf: (term, scope) => fieldOf(term, scope, DEPTH_MAX),
    itemFieldOf: (term, scope) => itemFieldOf(term, scope, DEPTH_MAX),
    choicesOf: (term, scope) => choicesOf(term, scope, DEPTH_MAX),
    elementsOf: (term, scope) => elementsOf(term, scope, DEPTH_MAX),
    keysOf,
    followed: (term, scope) => followed(term, scope, DEPTH_MAX),
  }
}

// One definition, without conditions or other values.
function isValue({ rule }: PlacedRule): boolean {
  return rule.form === 'complete' && rule.unconditional && !rule.open && chainOf(rule).length === 1
}

function callsOf(library: Library): ReadonlyMap<string, readonly Call[]> {
  const calls = new Map<string, Call[]>()
  walkLibrary(library, {
    term: (term, scope) => {
      if (term.kind !== 'call') return
      const name = functionNamed(term.callee, scope)
      if (name === undefined) return
      const known = calls.get(name)
      if (known === undefined) calls.set(name, [{ args: term.args, scope }])
      else known.push({ args: term.args, scope })
    },
  })
  return calls
}

// A command is there for every rule about commands: its absence is the stage, not a missing field.
function below(field: Field, path: readonly Term[]): Field | undefined {
  let current: Field | undefined = field
  for (const part of path) {
    if (current === undefined) return undefined
    const before: Field = current
    const named = part.kind === 'scalar' && typeof part.value === 'string'
    const next: Field | undefined = named ? memberOf(before, String(part.value)) : itemOf(before)
    current = next && {
      ...next,
      optional: named && next.path !== 'command' && (next.optional || before.optional),
    }
  }
  return current
}

// The one place that all are.
function agreed(fields: readonly (Field | undefined)[]): Field | undefined {
  const [first, ...others] = fields
  if (first === undefined) return undefined
  if (!others.every((other) => other?.path === first.path)) return undefined
  return { ...first, optional: fields.some((field) => field?.optional === true) }
}

function together(
  parts: readonly (readonly Constant[] | undefined)[],
): readonly Constant[] | undefined {
  const known = parts.filter((part) => part !== undefined)
  return known.length === parts.length ? known.flat() : undefined
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
