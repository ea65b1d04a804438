// What looks right and is not: `not x in …` on a field that may be missing, a look-up behind a computed key
// that is compiled wrongly to Wasm, and lists made of sets, whose order is another one in Wasm than in OPA.
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { nameOf } from './library.js'
import type { Expression, Term } from './rego-tree.js'
import { resolved, rulesNamed, type Scope } from './scope.js'
import { walkLibrary } from './walk.js'

export const traps: Check = {
  rules: {
    'optional-not': 'a negation is silent where an optional field is missing',
    'computed-lookup': 'a look-up behind a computed key is compiled wrongly to Wasm',
    'unsorted-list': 'a list is made of a set, in an order that differs between OPA and Wasm',
  },
  run: (input) => {
    const found: Finding[] = []
    // Their order does not matter, whatever makes them.
    const sortedAway = new Set<Term>()
    walkLibrary(input.library, {
      body: (body, scope) => {
        found.push(...body.flatMap((one) => optionalNot(one, body, scope, input)))
      },
      expression: (one) => {
        if (one.kind === 'some-in' || one.kind === 'every') sortedAway.add(one.domain)
      },
      term: (term, scope) => {
        if (term.kind === 'call' && ORDERLESS.includes(term.callee)) {
          term.args.forEach((arg) => sortedAway.add(arg))
        }
        found.push(...computedLookup(term, scope, input))
        if (!sortedAway.has(term)) found.push(...unsortedList(term, scope, input))
      },
    })
    return found
  },
}

const ORDERLESS = [
  ...['sort', 'count', 'sum', 'product', 'max', 'min'],
  ...['internal.member_2', 'internal.member_3'],
]

// `not x == y` is the one form that OPA takes for true where x is missing.
function optionalNot(
  one: Expression,
  body: readonly Expression[],
  scope: Scope,
  { knowledge }: CheckInput,
): readonly Finding[] {
  if (one.kind !== 'term' || !one.negated || one.term.kind !== 'call') return []
  const { callee, args } = one.term
  if (callee === 'equal' || callee === 'eq') return []
  for (const arg of args) {
    const field = arg.kind === 'ref' ? knowledge.fieldOf(arg, scope) : undefined
    if (field?.optional !== true || isProven(arg, one, body)) continue
    const message = `where ${field.path} is missing, this is neither true nor false, and the rule is silent`
    const last = field.path.split('.').at(-1) ?? ''
    const fix = `write: not object.get(…, "${last}", "") in {…}, or ask a name that is always there`
    const place = { file: scope.placed.file.file, at: one.at }
    return [problem('optional-not', place, message, fix)]
  }
  return []
}

// Another condition of the same body is true only where the field is there.
function isProven(arg: Term, one: Expression, body: readonly Expression[]): boolean {
  const wanted = written(arg)
  return body.some((other) => {
    if (other === one || other.kind !== 'term' || other.negated) return false
    const terms = other.term.kind === 'call' ? other.term.args : [other.term]
    return terms.some((term) => written(term) === wanted)
  })
}

// `policies.allow[op][at]`.
function computedLookup(term: Term, scope: Scope, { library }: CheckInput): readonly Finding[] {
  if (term.kind !== 'ref') return []
  const found = resolved(term, scope)
  if (found.root !== 'data' || found.path.length < 2) return []
  const name = found.name.join('.')
  if (rulesNamed(found, library) !== undefined) return []
  // Of sets it is known.
  const below = library.rules.filter((placed) => nameOf(placed).startsWith(`${name}.`))
  if (below.length === 0 || below.some(({ rule }) => rule.form !== 'set')) return []
  const shown = `${name.split('.').at(-1) ?? ''}[…][…]`
  const message = `${shown} is compiled wrongly to Wasm: it is true whatever the set holds`
  const fix = 'loop over the set instead: some one in ….[key]; one == at'
  return [problem('computed-lookup', { file: scope.placed.file.file, at: term.at }, message, fix)]
}

// `[x | some x in a_set]`, and `concat(", ", a_set)`.
function unsortedList(term: Term, scope: Scope, input: CheckInput): readonly Finding[] {
  const place = { file: scope.placed.file.file, at: term.at }
  const message = 'a set has no order of its own: this list has another one in Wasm than in OPA'
  if (term.kind === 'comprehension' && term.makes === 'array') {
    const [first] = term.body
    if (first?.kind !== 'some-in' || !isSet(first.domain, scope, input)) return []
    return [problem('unsorted-list', place, message, 'write: sort(…) around the list or the set')]
  }
  if (term.kind === 'call' && term.callee === 'concat' && term.args[1] !== undefined) {
    if (!isSet(term.args[1], scope, input)) return []
    return [problem('unsorted-list', place, message, 'write: concat(…, sort(…))')]
  }
  return []
}

function isSet(term: Term, scope: Scope, { library, knowledge }: CheckInput): boolean {
  const [one, where] = knowledge.followed(term, scope)
  if (one.kind === 'set') return one.items.length > 1
  if (one.kind === 'comprehension') return one.makes === 'set'
  const found = resolved(one, where)
  if (found.root !== 'data') return false
  const named = rulesNamed(found, library)
  return (
    named !== undefined &&
    named.rest.length === 0 &&
    named.rules.every(({ rule }) => rule.form === 'set' && !rule.open)
  )
}

// A reference without its place.
function written(term: Term): string {
  return JSON.stringify(term, (key, value: unknown) => (key === 'at' ? undefined : value))
}
