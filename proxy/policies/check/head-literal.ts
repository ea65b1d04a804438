// What a rule answers, as far as it is written out: the members of the object in its head, also where a
// function of one definition makes the object from its arguments.
import type { CheckInput } from './check.js'
import { chainOf, type PlacedRule } from './library.js'
import type { Term } from './rego-tree.js'
import { functionNamed, scopeOf, type Scope } from './scope.js'

export type Member = { readonly term: Term; readonly scope: Scope; readonly key: Term }

// Undefined where the head is no such object.
export function literalMembers(
  placed: PlacedRule,
  input: CheckInput,
): ReadonlyMap<string, Member> | undefined {
  const object = literalObject(placed.rule.value, scopeOf(input.library, placed), input)
  if (object === undefined) return undefined
  const members = new Map<string, Member>()
  for (const [key, term] of object.term.members) {
    if (key.kind !== 'scalar' || typeof key.value !== 'string') return undefined
    const given = object.given(term)
    members.set(key.value, { ...given, key })
  }
  return members
}

export type LiteralObject = {
  readonly term: Extract<Term, { kind: 'object' }>
  readonly scope: Scope
  // An argument of the function as the call gives it; anything else as it stands.
  readonly given: (term: Term) => { readonly term: Term; readonly scope: Scope }
}

export function literalObject(
  term: Term,
  scope: Scope,
  { library, knowledge }: CheckInput,
): LiteralObject | undefined {
  const [one, where] = knowledge.followed(term, scope)
  if (one.kind === 'object')
    return { term: one, scope: where, given: (inner) => ({ term: inner, scope: where }) }
  if (one.kind !== 'call') return undefined
  const name = functionNamed(one.callee, where)
  const [only, ...others] = name === undefined ? [] : library.named(name)
  if (only === undefined || others.length > 0 || chainOf(only.rule).length > 1) return undefined
  const { value, args } = only.rule
  if (value.kind !== 'object') return undefined
  const inside = scopeOf(library, only)
  const given = (inner: Term): { term: Term; scope: Scope } => {
    const position = args.findIndex(
      (arg) => arg.kind === 'var' && inner.kind === 'var' && arg.name === inner.name,
    )
    const passed = position === -1 ? undefined : one.args[position]
    return passed === undefined ? { term: inner, scope: inside } : { term: passed, scope: where }
  }
  return { term: value, scope: inside, given }
}
