// OPA's syntax trees, as far as an explanation needs them: the variables that a part binds and uses, the
// references whose values say why it held, and the author's own text of each.
import { isObject } from './json-value.js'

export type Node = Readonly<Record<string, unknown>>

export type Place = { readonly file: string; readonly line: number; readonly text: string }

export function placeOf(node: unknown): Place | undefined {
  const location = isObject(node) ? node['location'] : undefined
  if (!isObject(location)) return undefined
  const { file, row, text } = location
  if (typeof row !== 'number' || typeof text !== 'string') return undefined
  return { file: String(file ?? ''), line: row, text: Buffer.from(text, 'base64').toString('utf8') }
}

// Names of variables anywhere below, wildcards and the two documents aside.
export function variablesIn(node: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  walk(node, (one) => {
    const name = variable(one)
    if (name !== undefined) found.add(name)
    return true
  })
  return found
}

// Those that the expression may give a value to.
export function boundBy(expression: Node): ReadonlySet<string> {
  const found = new Set<string>()
  const add = (node: unknown): void => {
    for (const name of variablesIn(node)) found.add(name)
  }
  if (expression['negated'] === true) return found
  const { terms } = expression
  if (isObject(terms) && Array.isArray(terms['symbols'])) {
    for (const symbol of terms['symbols']) {
      const inner = isObject(symbol) && Array.isArray(symbol['value']) ? symbol['value'] : undefined
      // “some k, v in xs”: the operator first, what is gone through last.
      if (inner !== undefined) add(inner.slice(1, -1))
      else add(symbol)
    }
  }
  if (Array.isArray(terms) && ['assign', 'eq'].includes(operatorOf(terms) ?? '')) {
    add(terms[1])
    if (operatorOf(terms) === 'eq') add(terms[2])
  }
  walk(terms, (one) => {
    if (one['type'] === 'ref' && Array.isArray(one['value'])) {
      for (const part of one['value'].slice(1)) if (variable(part) !== undefined) add(part)
    }
    return !isComprehension(one)
  })
  return found
}

// The names that “some x, y” declares; undefined where the expression asks for anything.
export function declaredBy({ terms }: Node): readonly string[] | undefined {
  const symbols = isObject(terms) ? terms['symbols'] : undefined
  if (!Array.isArray(symbols)) return undefined
  const names = symbols.map(variable)
  return names.every((name) => name !== undefined) ? names : undefined
}

export type Shown = { readonly text: string; readonly node: Node }

// References and variables whose values decide the expression; not those inside of a loop of its own.
export function shownIn(expression: Node): readonly Shown[] {
  const found = new Map<string, Shown>()
  const bound = boundBy(expression)
  walk(operands(expression['terms']), (one) => {
    if (isComprehension(one) || 'domain' in one) return false
    if (one['type'] === 'call') {
      for (const inner of operandsOf(one['value'])) collect(inner)
      return false
    }
    return !collect(one)
  })
  return [...found.values()]

  function collect(one: unknown): boolean {
    if (!isObject(one)) return false
    if (one['type'] === 'call') {
      for (const inner of operandsOf(one['value'])) collect(inner)
      return true
    }
    if (one['type'] !== 'ref' && one['type'] !== 'var') return false
    const text = placeOf(one)?.text
    const name = variable(one)
    if (text === undefined || (text.startsWith('_') === true && name?.startsWith('$') === true))
      return true
    if ([...variablesIn(one)].some((used) => bound.has(used))) return true
    found.set(text, { text, node: one })
    return true
  }
}

// Every reference below, as its parts as far as they are written out, and whether it is called.
export function referencesIn(node: unknown): readonly (readonly string[])[] {
  const found: (readonly string[])[] = []
  walk(node, (one) => {
    if (one['type'] === 'ref' && Array.isArray(one['value'])) {
      const parts: string[] = []
      for (const part of one['value']) {
        if (!isObject(part) || typeof part['value'] !== 'string') break
        if (parts.length > 0 && part['type'] !== 'string') break
        parts.push(part['value'])
      }
      if (parts.length > 0) found.push(parts)
    } else if (one['type'] === 'var' && typeof one['value'] === 'string') found.push([one['value']])
    return true
  })
  return found
}

function operands(terms: unknown): unknown {
  if (!Array.isArray(terms)) {
    if (!isObject(terms) || !Array.isArray(terms['symbols'])) return terms
    return terms['symbols'].map((one) => (isObject(one) ? operandsOf(one['value']).at(-1) : one))
  }
  return terms.slice(1)
}

function operandsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(1) : []
}

function operatorOf(terms: readonly unknown[]): string | undefined {
  const [operator] = terms
  if (!isObject(operator) || !Array.isArray(operator['value'])) return undefined
  const [head] = operator['value']
  return isObject(head) && typeof head['value'] === 'string' ? head['value'] : undefined
}

function variable(node: unknown): string | undefined {
  if (!isObject(node) || node['type'] !== 'var' || typeof node['value'] !== 'string')
    return undefined
  const name = node['value']
  return name === 'input' || name === 'data' || name.startsWith('$') ? undefined : name
}

function isComprehension(node: Node): boolean {
  return typeof node['type'] === 'string' && node['type'].endsWith('comprehension')
}

// Depth first; `visit` says whether to go below.
function walk(node: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, visit)
    return
  }
  if (!isObject(node) || !visit(node)) return
  for (const [key, inner] of Object.entries(node)) {
    if (key !== 'location' && key !== 'annotations') walk(inner, visit)
  }
}
