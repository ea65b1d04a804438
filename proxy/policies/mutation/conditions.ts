// Changes of what a rule asks: a condition left out, its opposite, another comparison, one instead of every.
import type { Edit } from './mutant.js'
import { calleeOf, listOf, objectOf, wordOf, type Json, type Source, type Span } from './syntax.js'
import type { Body, RuleParts } from './rule-parts.js'

type Changed = { readonly change: 'drop' | 'negate' | 'compare' | 'some'; readonly edit: Edit }

// By OPA's names. An order is turned and its bound moved.
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  equal: ['!='],
  neq: ['=='],
  lt: ['<=', '>='],
  lte: ['<', '>'],
  gt: ['>=', '<='],
  gte: ['>', '<'],
}

export function changedConditions(source: Source, { bodies }: RuleParts): readonly Changed[] {
  return bodies.flatMap((body) =>
    body.expressions.flatMap((expression) => changesOf(source, expression, body)),
  )
}

function changesOf(source: Source, expression: Json, body: Body): readonly Changed[] {
  const span = source.spanOf(expression)
  if (span === undefined || (span.from === body.owner.from && span.to === body.owner.to)) return []
  const changes: Changed[] = []
  if (!isNeeded(source, expression, span, body)) {
    changes.push({ change: 'drop', edit: dropped(source, span, body) })
  }
  const terms = expression['terms']
  if (objectOf(terms)['domain'] !== undefined) {
    const text = oneOf(source, objectOf(terms))
    if (text !== undefined) changes.push({ change: 'some', edit: { ...span, text } })
    return changes
  }
  if (objectOf(terms)['symbols'] !== undefined) return changes
  const callee = Array.isArray(terms) ? calleeOf(terms) : ''
  if (callee === 'assign' || callee === 'eq') return changes
  const negated = expression['negated'] === true
  const others = OTHERS[callee]
  if (negated) {
    const text = source.text.slice(span.from, span.to).replace(/^not\s+/, '')
    changes.push({ change: 'negate', edit: { ...span, text } })
  } else if (others === undefined) {
    changes.push({ change: 'negate', edit: { from: span.from, to: span.from, text: 'not ' } })
  }
  const operator = source.spanOf(listOf(terms)[0])
  // The opposite of an equality is what `not` already says.
  if (others === undefined || operator === undefined || (negated && others.length === 1)) {
    return changes
  }
  return [
    ...changes,
    ...others.map((text): Changed => ({ change: 'compare', edit: { ...operator, text } })),
  ]
}

// What gives a name its value cannot go as long as the name is used: that would not compile.
function isNeeded(source: Source, expression: Json, span: Span, { owner }: Body): boolean {
  const given = namesGivenBy(expression)
  const rest = source.text.slice(owner.from, span.from) + source.text.slice(span.to, owner.to)
  return given.some((name) => new RegExp(`(?<![.\\w])${name}\\b`).test(rest))
}

function namesGivenBy({ terms }: Json): readonly string[] {
  if (Array.isArray(terms)) {
    return calleeOf(terms) === 'assign' ? namesIn(terms[1]) : []
  }
  return listOf(objectOf(terms)['symbols']).flatMap((symbol) => {
    const { type, value } = objectOf(symbol)
    // Of `some x in xs`, all but the operator and what is gone through.
    return type === 'call' ? listOf(value).slice(1, -1).flatMap(namesIn) : namesIn(symbol)
  })
}

function namesIn(term: unknown): readonly string[] {
  const { type, value } = objectOf(term)
  if (type === 'var') return [wordOf(term)]
  return type === 'array' ? listOf(value).flatMap(namesIn) : []
}

// With its lines where it has them to itself; the last condition of a body becomes `true`.
function dropped({ text }: Source, { from, to }: Span, { expressions }: Body): Edit {
  const start = text.lastIndexOf('\n', from - 1) + 1
  const end = text.indexOf('\n', to)
  const alone =
    text.slice(start, from).trim() === '' && /^\s*(#.*)?$/.test(text.slice(to, Math.max(end, to)))
  if (expressions.length > 1 && alone && end >= 0) return { from: start, to: end + 1, text: '' }
  return { from, to, text: 'true' }
}

// `every x in xs { … }` as `some x in xs; …`.
function oneOf(source: Source, every: Json): string | undefined {
  const textOf = (node: unknown): string | undefined => {
    const span = source.spanOf(node)
    return span === undefined ? undefined : source.text.slice(span.from, span.to)
  }
  const { key, value, domain, body } = every
  const names = [key, value].filter((one) => one !== undefined && one !== null).map(textOf)
  const parts = [domain, ...listOf(body)].map(textOf)
  if ([...names, ...parts].includes(undefined)) return undefined
  const [through, ...conditions] = parts
  return [`some ${names.join(', ')} in ${through}`, ...conditions].join('; ')
}
