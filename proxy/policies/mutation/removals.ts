// Rules and branches taken out. Where nothing else has the rule's name, what refers to it would not compile:
// the rule stays and never holds.
import type { Edit } from './mutant.js'
import type { Branch, RuleParts } from './rule-parts.js'
import { listOf, type Source } from './syntax.js'

// `shared`: first parts of names that several rules have.
export function removals(
  source: Source,
  { name, span, branches }: RuleParts,
  shared: ReadonlySet<string>,
): readonly Edit[] {
  const edits = branches
    .slice(1)
    .map((branch, at) => withoutBranch(source, branch, branches[at + 2]))
  const [first] = branches
  if (branches.length === 1 && shared.has(name.split('.')[0] ?? '')) {
    return [...edits, { ...lines(source, span), text: '' }]
  }
  const never = first === undefined ? undefined : neverHolding(source, first)
  return never === undefined ? edits : [...edits, never]
}

function withoutBranch({ text }: Source, { span }: Branch, next: Branch | undefined): Edit {
  if (next !== undefined) return { from: span.from, to: next.span.from, text: '' }
  const before = text.slice(0, span.from).trimEnd().length
  return { from: before, to: span.to, text: '' }
}

function lines({ text }: Source, { from, to }: { from: number; to: number }): Edit {
  const end = text.indexOf('\n', to)
  return { from, to: end < 0 ? to : end + 1, text: '' }
}

function neverHolding(source: Source, { node, conditional }: Branch): Edit | undefined {
  const [first] = listOf(node['body'])
  const span = source.spanOf(first)
  if (!conditional || span === undefined) return undefined
  const inBraces = source.text.slice(0, span.from).trimEnd().endsWith('{')
  if (inBraces) return { from: span.from, to: span.from, text: 'false; ' }
  return { ...span, text: 'false' }
}
