// A file of Rego as a tree with places, read from what `opa parse --format json --json-include locations`
// prints. Only what the checks ask about is kept; whatever else a term may be is `other`, about which no
// check says anything.

export type At = { readonly line: number; readonly column: number }
export type Scalar = string | number | boolean | null

export type Term =
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly at: At }
  | { readonly kind: 'var'; readonly name: string; readonly at: At }
  | { readonly kind: 'ref'; readonly head: Term; readonly path: readonly Term[]; readonly at: At }
  | { readonly kind: 'array' | 'set'; readonly items: readonly Term[]; readonly at: At }
  | {
      readonly kind: 'object'
      readonly members: readonly (readonly [Term, Term])[]
      readonly at: At
    }
  | {
      readonly kind: 'call'
      readonly callee: string
      readonly args: readonly Term[]
      readonly at: At
    }
  | {
      readonly kind: 'comprehension'
      readonly makes: 'array' | 'set' | 'object'
      readonly key?: Term
      readonly value: Term
      readonly body: readonly Expression[]
      readonly at: At
    }
  | { readonly kind: 'other'; readonly at: At }

export type Expression = { readonly negated: boolean; readonly at: At } & (
  | { readonly kind: 'term'; readonly term: Term }
  // `some x`, without a domain.
  | { readonly kind: 'some'; readonly names: readonly string[] }
  | { readonly kind: 'some-in'; readonly key?: Term; readonly value: Term; readonly domain: Term }
  | {
      readonly kind: 'every'
      readonly key?: Term
      readonly value: Term
      readonly domain: Term
      readonly body: readonly Expression[]
    }
)

export type Annotation = {
  readonly scope: string
  readonly title: string
  readonly custom: Readonly<Record<string, unknown>>
  // Of `input`, without `schema.`.
  readonly inputSchema?: string
  // As it is written, from its first line on.
  readonly lines: readonly string[]
  readonly at: At
}

export type Rule = {
  // The name and what is constant behind it: `deny`, `update`.
  readonly path: readonly string[]
  // Whether a part of the name is computed.
  readonly open: boolean
  readonly form: 'set' | 'complete' | 'function'
  readonly isDefault: boolean
  readonly args: readonly Term[]
  // Of a set what it holds, else the value.
  readonly value: Term
  readonly body: readonly Expression[]
  // Written without a body.
  readonly unconditional: boolean
  readonly otherwise?: Rule
  readonly annotations: readonly Annotation[]
  readonly at: At
}

export type Import = { readonly path: readonly string[]; readonly name: string }

export type RegoFile = {
  readonly file: string
  readonly package: readonly string[]
  readonly packageAt: At
  readonly imports: readonly Import[]
  readonly annotations: readonly Annotation[]
  readonly rules: readonly Rule[]
}

type Json = Readonly<Record<string, unknown>>

export function regoFileOf(file: string, printed: string): RegoFile {
  const module = objectOf(JSON.parse(printed))
  const declared = objectOf(module['package'])
  return {
    file,
    package: listOf(declared['path']).slice(1).map(nameOf),
    packageAt: atOf(declared),
    imports: listOf(module['imports']).map(importOf),
    annotations: listOf(module['annotations']).map(annotationOf),
    rules: listOf(module['rules']).map((rule) => ruleOf(objectOf(rule))),
  }
}

function importOf(node: unknown): Import {
  const one = objectOf(node)
  const path = listOf(objectOf(one['path'])['value']).map(nameOf)
  const alias = one['alias']
  return { path, name: typeof alias === 'string' && alias !== '' ? alias : (path.at(-1) ?? '') }
}

function annotationOf(node: unknown): Annotation {
  const one = objectOf(node)
  const schema = listOf(one['schemas'])
    .map(objectOf)
    .find((each) => listOf(each['path']).map(nameOf).join('.') === 'input')
  const named = listOf(schema?.['schema']).slice(1).map(nameOf).join('.')
  return {
    scope: String(one['scope'] ?? ''),
    title: typeof one['title'] === 'string' ? one['title'] : '',
    custom: objectOf(one['custom']),
    ...(named === '' ? {} : { inputSchema: named }),
    lines: textOf(one).split('\n'),
    at: atOf(one),
  }
}

function ruleOf(node: Json): Rule {
  const head = objectOf(node['head'])
  const parts = listOf(head['ref']).map(objectOf)
  const constant = parts.findIndex((part, at) => at > 0 && part['type'] !== 'string')
  const path = (constant === -1 ? parts : parts.slice(0, constant)).map(nameOf)
  const args = listOf(head['args']).map(termOf)
  const isSet = head['key'] !== undefined && head['value'] === undefined
  const body = listOf(node['body'])
  return {
    path: path.length > 0 ? path : [String(head['name'] ?? '')],
    open: constant !== -1,
    form: isSet ? 'set' : args.length > 0 ? 'function' : 'complete',
    isDefault: node['default'] === true,
    args,
    value: termOf(isSet ? head['key'] : head['value']),
    body: body.map(expressionOf),
    unconditional: body.length === 1 && objectOf(body[0])['generated'] === true,
    ...(node['else'] === undefined ? {} : { otherwise: ruleOf(objectOf(node['else'])) }),
    annotations: listOf(node['annotations']).map(annotationOf),
    at: atOf(node),
  }
}

export function expressionOf(node: unknown): Expression {
  const one = objectOf(node)
  const found = { negated: one['negated'] === true, at: atOf(one) }
  const { terms } = one
  if (Array.isArray(terms)) return { ...found, kind: 'term', term: callOf(terms, found.at) }
  const inner = objectOf(terms)
  if (Array.isArray(inner['symbols'])) return { ...found, ...someOf(inner['symbols']) }
  if (inner['domain'] !== undefined) {
    return {
      ...found,
      kind: 'every',
      ...keyOf(inner['key']),
      value: termOf(inner['value']),
      domain: termOf(inner['domain']),
      body: listOf(inner['body']).map(expressionOf),
    }
  }
  return { ...found, kind: 'term', term: termOf(terms) }
}

function someOf(
  symbols: readonly unknown[],
): Extract<Expression, { kind: 'some' }> | Extract<Expression, { kind: 'some-in' }> {
  const terms = symbols.map(termOf)
  const [first] = terms
  const place = { negated: false, at: first?.at ?? { line: 1, column: 1 } }
  if (first?.kind === 'call') {
    const [one, two, three] = first.args
    if (one !== undefined && two !== undefined) {
      return three === undefined
        ? { ...place, kind: 'some-in', value: one, domain: two }
        : { ...place, kind: 'some-in', key: one, value: two, domain: three }
    }
  }
  const names = terms.flatMap((term) => (term.kind === 'var' ? [term.name] : []))
  return { ...place, kind: 'some', names }
}

function keyOf(node: unknown): { readonly key?: Term } {
  return node === undefined || node === null ? {} : { key: termOf(node) }
}

function callOf(terms: readonly unknown[], at: At): Term {
  const [callee, ...args] = terms
  const names = listOf(objectOf(callee)['value']).map(nameOf)
  return { kind: 'call', callee: names.join('.'), args: args.map(termOf), at }
}

export function termOf(node: unknown): Term {
  const { type, value, ...rest } = objectOf(node)
  const at = atOf(rest)
  switch (type) {
    case 'null':
      return { kind: 'scalar', value: null, at }
    case 'string':
    case 'number':
    case 'boolean':
      return isScalar(value) ? { kind: 'scalar', value, at } : { kind: 'other', at }
    case 'var':
      return { kind: 'var', name: String(value), at }
    case 'ref': {
      const [head, ...path] = listOf(value).map(termOf)
      return head === undefined ? { kind: 'other', at } : { kind: 'ref', head, path, at }
    }
    case 'array':
    case 'set':
      return { kind: type, items: listOf(value).map(termOf), at }
    case 'object': {
      const pairs = listOf(value).map((pair) => listOf(pair).map(termOf))
      const members = pairs.flatMap(([key, inner]) =>
        key === undefined || inner === undefined ? [] : [[key, inner] as const],
      )
      return { kind: 'object', members, at }
    }
    case 'call':
      return callOf(listOf(value), at)
    case 'arraycomprehension':
    case 'setcomprehension':
    case 'objectcomprehension':
      return comprehensionOf(type, objectOf(value), at)
    default:
      return { kind: 'other', at }
  }
}

function comprehensionOf(type: string, value: Json, at: At): Term {
  const body = listOf(value['body']).map(expressionOf)
  const makes = type.startsWith('array') ? 'array' : type.startsWith('set') ? 'set' : 'object'
  if (makes !== 'object') {
    return { kind: 'comprehension', makes, value: termOf(value['term']), body, at }
  }
  return {
    kind: 'comprehension',
    makes,
    ...keyOf(value['key']),
    value: termOf(value['value']),
    body,
    at,
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function nameOf(node: unknown): string {
  return String(objectOf(node)['value'] ?? '')
}

function atOf(node: Json): At {
  const { row, col } = objectOf(node['location'])
  return { line: typeof row === 'number' ? row : 1, column: typeof col === 'number' ? col : 1 }
}

// OPA hands the text of a place out in base64.
function textOf(node: Json): string {
  const { text } = objectOf(node['location'])
  return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : ''
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
