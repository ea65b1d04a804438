// Goes through a rule: every body in it with its scope, and every term with the scope that its names have
// their meaning in.
import type { Library, PlacedRule } from './library.js'
import type { Expression, Term } from './rego-tree.js'
import { bodyScope, everyScope, scopesOf, type Scope } from './scope.js'

// What a body belongs to.
export type BodyOf = 'rule' | 'every' | 'comprehension'

export type Visitor = {
  readonly body?: (body: readonly Expression[], scope: Scope, of: BodyOf) => void
  readonly expression?: (expression: Expression, scope: Scope) => void
  // Parents first.
  readonly term?: (term: Term, scope: Scope) => void
}

export function walkLibrary(library: Library, visitor: Visitor): void {
  for (const placed of library.rules) walkRule(library, placed, visitor)
}

export function walkRule(library: Library, placed: PlacedRule, visitor: Visitor): void {
  for (const scope of scopesOf(library, placed)) {
    const { rule } = scope.placed
    walkTerm(rule.value, scope, visitor)
    if (!rule.unconditional) walkBody(rule.body, scope, visitor, 'rule')
  }
}

function walkBody(body: readonly Expression[], scope: Scope, visitor: Visitor, of: BodyOf): void {
  visitor.body?.(body, scope, of)
  for (const one of body) {
    visitor.expression?.(one, scope)
    if (one.kind === 'term') walkTerm(one.term, scope, visitor)
    else if (one.kind === 'some-in') walkTerm(one.domain, scope, visitor)
    else if (one.kind === 'every') {
      walkTerm(one.domain, scope, visitor)
      walkBody(one.body, everyScope(one, scope), visitor, 'every')
    }
  }
}

export function walkTerm(term: Term, scope: Scope, visitor: Visitor): void {
  visitor.term?.(term, scope)
  const into = (inner: Term): void => walkTerm(inner, scope, visitor)
  switch (term.kind) {
    case 'ref':
      if (term.head.kind !== 'var') into(term.head)
      return term.path.forEach(into)
    case 'array':
    case 'set':
      return term.items.forEach(into)
    case 'object':
      return term.members.flat().forEach(into)
    case 'call':
      return term.args.forEach(into)
    case 'comprehension': {
      const inner = bodyScope(term.body, scope)
      if (term.key !== undefined) walkTerm(term.key, inner, visitor)
      walkTerm(term.value, inner, visitor)
      return walkBody(term.body, inner, visitor, 'comprehension')
    }
    case 'scalar':
    case 'var':
    case 'other':
      return undefined
  }
}
