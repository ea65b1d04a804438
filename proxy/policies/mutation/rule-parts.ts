// The parts of a rule that can be changed: every body in it, those of `every` and of comprehensions too,
// every call, and every literal. One walk, so that each kind of change only says what it does to a part.
import { listOf, objectOf, wordOf, wordsOf, type Json, type Source, type Span } from './syntax.js'

export type Body = {
  readonly expressions: readonly Json[]
  // What the body belongs to: names used in it count as used by the whole of it.
  readonly owner: Span
}

export type Branch = {
  readonly node: Json
  readonly span: Span
  // Whether it is written with a body.
  readonly conditional: boolean
}

export type RuleParts = {
  readonly rule: string
  // The name it adds to, such as `deny.update`.
  readonly name: string
  readonly span: Span
  // The rule itself, then each `else`.
  readonly branches: readonly Branch[]
  readonly bodies: readonly Body[]
  // Lists of terms whose first is the operator.
  readonly calls: readonly (readonly unknown[])[]
  readonly sets: readonly Json[]
  // Arrays whose members are looked for or gone through.
  readonly searched: readonly Json[]
  readonly objects: readonly Json[]
}

type Gathered = {
  readonly bodies: Body[]
  readonly calls: (readonly unknown[])[]
  readonly sets: Json[]
  readonly searched: Json[]
  readonly objects: Json[]
}

export function rulePartsOf(source: Source): readonly RuleParts[] {
  return source.rules.flatMap((rule) => {
    const span = source.spanOf(rule)
    if (span === undefined) return []
    const name = nameOf(rule)
    const branches = branchesOf(source, rule, span)
    const found: Gathered = { bodies: [], calls: [], sets: [], searched: [], objects: [] }
    for (const { node, span: owner, conditional } of branches) {
      const { body, head } = node
      if (conditional) bodyParts(source, listOf(body), owner, found)
      const { key, value } = objectOf(head)
      termParts(source, key, found)
      termParts(source, value, found)
    }
    return [{ rule: idOf(rule) ?? `${source.package}.${name}`, name, span, branches, ...found }]
  })
}

function branchesOf(source: Source, rule: Json, span: Span): readonly Branch[] {
  const branches: Branch[] = []
  for (let node = rule; ; node = objectOf(node['else'])) {
    const place = node === rule ? span : source.spanOf(node)
    if (place === undefined) break
    branches.push({ node, span: place, conditional: isConditional(source, node, place) })
    if (node['else'] === undefined) break
  }
  return branches
}

// OPA puts a body of `true` where none is written, at the place of the value or of the whole.
function isConditional(source: Source, node: Json, place: Span): boolean {
  const [first] = listOf(node['body'])
  const at = source.spanOf(first)
  const head = source.spanOf(node['head'])
  return at !== undefined && at.from !== place.from && (head === undefined || at.from >= head.to)
}

function nameOf(rule: Json): string {
  const { ref, name } = objectOf(rule['head'])
  const parts = listOf(ref).map(wordOf)
  return parts.length > 0 ? parts.join('.') : String(name ?? '')
}

function idOf(rule: Json): string | undefined {
  const ids = listOf(rule['annotations']).map((one) => objectOf(objectOf(one)['custom'])['id'])
  return ids.find((id) => typeof id === 'string')
}

function bodyParts(
  source: Source,
  expressions: readonly unknown[],
  owner: Span,
  found: Gathered,
): void {
  const all = expressions.map(objectOf)
  found.bodies.push({ expressions: all, owner })
  for (const { terms } of all) {
    if (Array.isArray(terms)) {
      callParts(source, terms, found)
      continue
    }
    const one = objectOf(terms)
    if (one['domain'] !== undefined) {
      termParts(source, one['domain'], found)
      bodyParts(source, listOf(one['body']), owner, found)
    } else if (one['symbols'] !== undefined) {
      for (const symbol of listOf(one['symbols'])) termParts(source, symbol, found)
    } else termParts(source, one, found)
  }
}

function callParts(source: Source, terms: readonly unknown[], found: Gathered): void {
  found.calls.push(terms)
  const isSearch = wordsOf(terms[0])?.[1]?.startsWith('member_') === true
  const [last] = terms.slice(-1).map(objectOf)
  if (isSearch && last?.['type'] === 'array') found.searched.push(last)
  for (const term of terms.slice(1)) termParts(source, term, found)
}

function termParts(source: Source, term: unknown, found: Gathered): void {
  const node = objectOf(term)
  const { type, value } = node
  switch (type) {
    case 'call':
      return callParts(source, listOf(value), found)
    case 'set':
      found.sets.push(node)
      return listOf(value).forEach((one) => termParts(source, one, found))
    case 'array':
      return listOf(value).forEach((one) => termParts(source, one, found))
    case 'object':
      found.objects.push(node)
      return listOf(value).forEach((pair) => termParts(source, listOf(pair)[1], found))
    case 'arraycomprehension':
    case 'setcomprehension':
    case 'objectcomprehension': {
      const inner = objectOf(value)
      const owner = source.spanOf(node)
      if (owner !== undefined) bodyParts(source, listOf(inner['body']), owner, found)
      for (const one of [inner['term'], inner['key'], inner['value']]) termParts(source, one, found)
      return undefined
    }
    default:
      return undefined
  }
}
