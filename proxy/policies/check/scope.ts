// What the names in a rule mean: which of its variables stand for an item of what, which name is an import,
// which a rule of the same package. Every body, also that of an `every` or a comprehension, has a scope.
import { chainOf, type Library, type PlacedRule } from './library.js'
import type { Expression, Rule, Term } from './rego-tree.js'

export type Binding =
  | { readonly kind: 'item' | 'key'; readonly domain: Term; readonly scope: Scope }
  | { readonly kind: 'alias'; readonly term: Term; readonly scope: Scope }
  | { readonly kind: 'argument'; readonly position: number }

export type Scope = {
  readonly library: Library
  readonly placed: PlacedRule
  readonly variables: ReadonlyMap<string, Binding>
}

export function scopeOf(library: Library, placed: PlacedRule): Scope {
  const variables = new Map<string, Binding>()
  placed.rule.args.forEach((arg, position) => {
    if (arg.kind === 'var') variables.set(arg.name, { kind: 'argument', position })
  })
  return bodyScope(placed.rule.body, { library, placed, variables })
}

export function bodyScope(body: readonly Expression[], outer: Scope): Scope {
  const variables = new Map(outer.variables)
  const scope: Scope = { ...outer, variables }
  // What a body declares hides what stands around it.
  const own = new Set<string>()
  const bind = (term: Term | undefined, binding: Binding): void => {
    if (term?.kind !== 'var' || own.has(term.name)) return
    own.add(term.name)
    variables.set(term.name, binding)
  }
  for (const one of body) {
    if (one.kind === 'some-in' || one.kind === 'every') {
      // The names of an `every` hold within it alone.
      if (one.kind === 'every') continue
      bind(one.value, { kind: 'item', domain: one.domain, scope })
      bind(one.key, { kind: 'key', domain: one.domain, scope })
    } else if (one.kind === 'term' && one.term.kind === 'call' && !one.negated) {
      const { callee, args } = one.term
      const [left, right] = args
      if (left === undefined || right === undefined || args.length !== 2) continue
      if (callee === 'assign') bind(left, { kind: 'alias', term: right, scope })
      const isNew = left.kind === 'var' && !variables.has(left.name) && !isNamed(left.name, scope)
      if (callee === 'eq' && isNew) {
        bind(left, { kind: 'alias', term: right, scope })
      }
    }
  }
  return scope
}

// The scope of an `every`: its names, and what its body binds.
export function everyScope(every: Extract<Expression, { kind: 'every' }>, outer: Scope): Scope {
  const variables = new Map(outer.variables)
  const bind = (term: Term | undefined, kind: 'item' | 'key'): void => {
    if (term?.kind === 'var') variables.set(term.name, { kind, domain: every.domain, scope: outer })
  }
  bind(every.value, 'item')
  bind(every.key, 'key')
  return bodyScope(every.body, { ...outer, variables })
}

// What a reference begins at, and what follows.
export type Resolved =
  | { readonly root: 'input'; readonly path: readonly Term[] }
  | { readonly root: 'data'; readonly name: readonly string[]; readonly path: readonly Term[] }
  | { readonly root: 'local'; readonly name: string; readonly path: readonly Term[] }
  | { readonly root: 'other' }

export function resolved(term: Term, scope: Scope): Resolved {
  if (term.kind === 'var') return rooted(term.name, [], scope)
  if (term.kind === 'ref' && term.head.kind === 'var')
    return rooted(term.head.name, term.path, scope)
  return { root: 'other' }
}

function rooted(name: string, path: readonly Term[], scope: Scope): Resolved {
  if (scope.variables.has(name)) return { root: 'local', name, path }
  if (name === 'input') return { root: 'input', path }
  if (name === 'data') return asData([], path)
  const imported = scope.library.importsOf(scope.placed.file).get(name)
  if (imported?.path[0] === 'data') return asData(imported.path.slice(1), path)
  if (imported?.path[0] === 'input') {
    const at = { line: 1, column: 1 }
    const before = imported.path.slice(1).map((value) => ({ kind: 'scalar', value, at }) as const)
    return { root: 'input', path: [...before, ...path] }
  }
  if (isNamed(name, scope)) return asData([...scope.placed.file.package, name], path)
  return { root: 'local', name, path }
}

function isNamed(name: string, { library, placed }: Scope): boolean {
  return library.isVirtual([...placed.file.package, name].join('.'))
}

// As many constant parts as there are become the name.
function asData(known: readonly string[], path: readonly Term[]): Resolved {
  const open = path.findIndex((part) => part.kind !== 'scalar' || typeof part.value !== 'string')
  const constant = open === -1 ? path : path.slice(0, open)
  const name = constant.map((part) => (part.kind === 'scalar' ? String(part.value) : ''))
  return { root: 'data', name: [...known, ...name], path: path.slice(constant.length) }
}

// The rules that a reference names, and what follows behind their name; undefined where it names none.
export function rulesNamed(
  found: Extract<Resolved, { root: 'data' }>,
  library: Library,
): { readonly rules: readonly PlacedRule[]; readonly rest: readonly Term[] } | undefined {
  const at = { line: 1, column: 1 }
  for (let length = found.name.length; length > 0; length--) {
    const rules = library.named(found.name.slice(0, length).join('.'))
    if (rules.length === 0) continue
    const behind = found.name.slice(length).map((value) => ({ kind: 'scalar', value, at }) as const)
    return { rules, rest: [...behind, ...found.path] }
  }
  return undefined
}

// Full name of the function that a call means; undefined for a builtin.
export function functionNamed(callee: string, scope: Scope): string | undefined {
  const [first = '', ...rest] = callee.split('.')
  const at = { line: 1, column: 1 }
  const path = rest.map((value) => ({ kind: 'scalar', value, at }) as const)
  const found = rooted(first, path, scope)
  if (found.root !== 'data') return undefined
  const name = found.name.join('.')
  return scope.library.named(name).some(({ rule }) => rule.form === 'function') ? name : undefined
}

// All scopes of a rule with its `else`, each with the rule that it belongs to.
export function scopesOf(library: Library, placed: PlacedRule): readonly Scope[] {
  const args = placed.rule.args
  return chainOf(placed.rule).map((rule: Rule) =>
    scopeOf(library, { file: placed.file, rule: rule.args.length > 0 ? rule : { ...rule, args } }),
  )
}
