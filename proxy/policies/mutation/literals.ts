// Changes of what a rule names: a set without one of its elements, another word of the same closed field,
// a number that is one more, true for false.
import { otherWord, type ClosedWords } from './closed-words.js'
import type { Edit } from './mutant.js'
import type { RuleParts } from './rule-parts.js'
import { calleeOf, listOf, objectOf, wordsOf, type Json, type Source, type Span } from './syntax.js'

type Changed = { readonly change: 'shrink' | 'swap' | 'number'; readonly edit: Edit }

const COMPARISONS = ['equal', 'neq', 'lt', 'lte', 'gt', 'gte']
const TRUTH: Readonly<Record<string, string>> = { true: 'false', false: 'true' }

export function changedLiterals(
  source: Source,
  parts: RuleParts,
  words: ClosedWords,
): readonly Changed[] {
  const { sets, searched, calls, objects, branches } = parts
  return [
    ...[...sets, ...searched].flatMap((list) => shrunk(source, list)),
    ...calls.flatMap((terms) => comparedLiterals(source, terms, words)),
    ...objects.flatMap((object) => memberLiterals(source, object, words)),
    ...branches.flatMap(({ node }) => turned(source, objectOf(node['head'])['value'])),
  ]
}

function shrunk(source: Source, list: Json): readonly Changed[] {
  const whole = source.spanOf(list)
  const items = listOf(list['value'])
  // Of what is computed nobody can say that it is an element of its own.
  const spans = items.map((item) => (isLiteral(item) ? source.spanOf(item) : undefined))
  if (whole === undefined || spans.includes(undefined)) return []
  if (items.length === 1) {
    const text = list['type'] === 'set' ? 'set()' : '[]'
    return [{ change: 'shrink', edit: { ...whole, text } }]
  }
  // OPA prints the elements of a set in another order than they are written in.
  const written = spans.flatMap((span) => span ?? []).sort((one, other) => one.from - other.from)
  return written.map((span, at) => {
    const next = written[at + 1]
    const before = written[at - 1]
    const edit =
      next !== undefined
        ? { from: span.from, to: next.from, text: gapBefore(source, span, next) }
        : { from: before?.to ?? span.from, to: span.to, text: '' }
    return { change: 'shrink', edit }
  })
}

// An element that ends its line takes its line break along only where the next stands on the same line.
function gapBefore({ text }: Source, span: Span, next: Span): string {
  const between = text.slice(span.to, next.from)
  const start = text.slice(text.lastIndexOf('\n', span.from - 1) + 1, span.from)
  return between.includes('\n') && start.trim() !== '' ? between.replace(/^,/, '') : ''
}

function isLiteral(term: unknown): boolean {
  return ['string', 'number', 'boolean', 'null'].includes(String(objectOf(term)['type']))
}

function comparedLiterals(
  source: Source,
  terms: readonly unknown[],
  words: ClosedWords,
): readonly Changed[] {
  if (!COMPARISONS.includes(calleeOf(terms))) return []
  return [terms[1], terms[2]].flatMap((literal, at) => {
    const span = source.spanOf(literal)
    const { type, value } = objectOf(literal)
    if (span === undefined) return []
    if (type === 'number') return oneMore(span, value)
    const field = wordsOf(terms[2 - at])?.at(-1)
    if (type !== 'string' || field === undefined) return []
    return swapped(words, field, String(value), span)
  })
}

function memberLiterals(source: Source, object: Json, words: ClosedWords): readonly Changed[] {
  return listOf(object['value']).flatMap((pair) => {
    const [key, value] = listOf(pair)
    const span = source.spanOf(value)
    if (span === undefined) return []
    const { type, value: literal } = objectOf(value)
    if (type === 'boolean') return turned(source, value)
    if (type === 'number') return oneMore(span, literal)
    if (type !== 'string') return []
    return swapped(words, String(objectOf(key)['value'] ?? ''), String(literal), span)
  })
}

function swapped(words: ClosedWords, field: string, word: string, span: Span): readonly Changed[] {
  const other = otherWord(words, field, word)
  return other === undefined
    ? []
    : [{ change: 'swap', edit: { ...span, text: JSON.stringify(other) } }]
}

// A rule without a value is true without saying so: there is nothing to change.
function turned(source: Source, value: unknown): readonly Changed[] {
  const span = source.spanOf(value)
  const { type, value: literal } = objectOf(value)
  if (span === undefined || type !== 'boolean') return []
  const text = TRUTH[source.text.slice(span.from, span.to)]
  return text === undefined || String(literal) === text
    ? []
    : [{ change: 'swap', edit: { ...span, text } }]
}

function oneMore(span: Span, value: unknown): readonly Changed[] {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) return []
  return [{ change: 'number', edit: { ...span, text: String(number + 1) } }]
}
