// Where each protected value of a statement goes and what becomes of it there, as a small tree: from the
// column over what it passes to where it ends. What is shown holds no value, and no literal of the text.
import { strictest } from '../../../engine/facts/postgres/mask-strictness.js'
import { maskWords } from '../../../engine/facts/postgres/mask-words.js'
import { isMatched, isPattern } from '../../../engine/facts/postgres/mask-match.js'
import { isHarmless } from '../../../engine/facts/postgres/value.js'
import type { Decision, Mask } from '../../../engine/schemas/decision.js'
import type { Flow, Sink } from '../../../engine/schemas/facts.js'
import type { RowClause, RowComparison } from '../../../engine/schemas/row-filter.js'
import type { Rehearsed } from '../rehearsal/rehearse.js'

export type MaskTree = {
  readonly text: string
  /** `as_written`: fields are masked as they leave; `on_masked_data`: the target computes on masks. */
  readonly answered: 'as_written' | 'on_masked_data' | 'on_seen_rows' | 'refused' | 'unmasked'
  readonly rules: readonly string[]
  readonly columns: readonly ProtectedColumn[]
  /** Which rows of which relations are seen, where the command has to do with any. */
  readonly filters?: Decision['filters']
  readonly rewritten?: string
  readonly refusal?: { readonly message: string; readonly hint?: string }
  /** Why the target was not asked in other words, where that was tried. */
  readonly leftAlone?: string
}

export type ProtectedColumn = {
  readonly column: string
  readonly labels: readonly string[]
  /** Absent: nothing masks it for this identity. */
  readonly mask?: Mask['method']
  /** With what the method keeps. */
  readonly how?: string
  readonly goes: readonly {
    readonly to: Sink
    /** Position of the result column, from 1. */
    readonly output?: number
    readonly through: readonly string[]
    /** Tells at most whether the value is NULL, which is no secret. */
    readonly harmless: boolean
  }[]
}

export function maskTree(one: Rehearsed): MaskTree {
  const { statement, decision, refusal, rewritten, leftAlone, filtered } = one
  const masks = decision.masks.filter((mask) => !isPattern(mask))
  const byColumn = new Map<string, Flow[]>()
  for (const flow of statement.command.flows)
    byColumn.set(flow.from, [...(byColumn.get(flow.from) ?? []), flow])
  const columns = [...byColumn].map(([column, flows]): ProtectedColumn => {
    const labels = [...new Set(flows.flatMap((flow) => flow.labels))].sort()
    const mask = strictest(masks.filter((each) => isMatched(each, column, labels)))
    return {
      column,
      labels,
      ...(mask === undefined ? {} : { mask: mask.method, how: maskWords(mask) }),
      goes: flows.map(({ to, output, through }) => ({
        to,
        ...(output === undefined ? {} : { output: output + 1 }),
        through,
        harmless: isHarmless(through),
      })),
    }
  })
  return {
    text: one.text,
    answered: answerOf(one, columns),
    rules: decision.rules.map(({ id }) => id),
    columns,
    ...(filtered ? { filters: decision.filters } : {}),
    ...(rewritten === undefined ? {} : { rewritten }),
    ...(refusal === undefined ? {} : { refusal: wordsOf(refusal) }),
    ...(leftAlone === undefined ? {} : { leftAlone }),
  }
}

function answerOf(one: Rehearsed, columns: readonly ProtectedColumn[]): MaskTree['answered'] {
  if (one.refusal !== undefined || one.decision.action === 'deny') return 'refused'
  const isMasked = columns.some(({ mask }) => mask !== undefined)
  if (one.filtered && !isMasked) return 'on_seen_rows'
  if (one.rewritten !== undefined) return 'on_masked_data'
  return isMasked ? 'as_written' : 'unmasked'
}

function wordsOf({ message, hint }: { message: string; hint?: string }) {
  return { message, ...(hint === undefined ? {} : { hint }) }
}

const SINKS: Readonly<Record<Sink, string>> = {
  output: 'result column',
  predicate: 'WHERE, HAVING or another comparison',
  join: 'the condition of a join',
  order: 'ORDER BY',
  group: 'GROUP BY, DISTINCT or a set operation',
  aggregate: 'an aggregate',
  write: 'what is stored',
  copy: 'COPY',
  argument: 'an argument of a function',
  notice: 'a notice',
}

const ANSWERS: Readonly<Record<MaskTree['answered'], string>> = {
  as_written: 'runs as it is written; protected fields are masked as they leave',
  on_masked_data: 'runs in other words, so that the target computes on masked values',
  on_seen_rows: 'runs in other words, so that the target reads rows that may be seen alone',
  refused: 'refused',
  unmasked: 'runs as it is written; nothing in it is masked for this identity',
}

export function maskTreeText(tree: MaskTree): string {
  const lines = [tree.text, `  ${ANSWERS[tree.answered]}`]
  if (tree.rules.length > 0) lines.push(`  rules: ${tree.rules.join(', ')}`)
  for (const { column, labels, how, goes } of tree.columns) {
    lines.push('', `  ${column} [${labels.join(', ')}]: ${how ?? 'in the clear'}`)
    goes.forEach(({ to, output, through, harmless }, at) => {
      const branch = at === goes.length - 1 ? '└─' : '├─'
      const passed = through.length === 0 ? '' : ` ${through.join(' → ')} →`
      const place = output === undefined ? '' : ` ${output}`
      const note = harmless ? ' (whether it is NULL, no more)' : ''
      lines.push(`  ${branch}${passed} ${SINKS[to]}${place}${note}`)
    })
  }
  if (tree.columns.length === 0) lines.push('', '  no protected column is used')
  for (const { relation, rows } of tree.filters ?? [])
    lines.push('', `  rows of ${relation} that are seen: ${rows.map(rowWords).join(' and ')}`)
  if (tree.rewritten !== undefined) lines.push('', `  sent: ${tree.rewritten}`)
  if (tree.refusal !== undefined) {
    lines.push('', `  ${tree.refusal.message}`)
    if (tree.refusal.hint !== undefined) lines.push(`  hint: ${tree.refusal.hint}`)
  }
  if (tree.leftAlone !== undefined) lines.push(`  not put into other words: ${tree.leftAlone}`)
  return lines.join('\n')
}

function rowWords(clause: RowClause): string {
  if (!('any' in clause)) return comparisonWords(clause)
  const parts = clause.any.map((one) =>
    'all' in one ? one.all.map(comparisonWords).join(' and ') : comparisonWords(one),
  )
  return `(${parts.join(' or ')})`
}

function comparisonWords({ column, op, value, values }: RowComparison): string {
  const others = values ?? (value === undefined ? [] : [value])
  return [column, op.replaceAll('_', ' '), ...others.map((one) => JSON.stringify(one))].join(' ')
}
