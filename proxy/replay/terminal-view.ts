// One command of a film as the lines of a terminal: the prompt and what was sent, the decision as a mark with
// its rules, waits for people, and the result as the client saw it.
import type { FilmEntry, FilmRule, FilmSession, Frame, Parting, UnderEntry } from './film.js'
import { tableLines, type TableBounds } from './result-table.js'
import { clockText, cut, harmless, harmlessLines, spanText } from './terminal-text.js'

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'grey' | 'bold'
export type Paint = (colour: Colour, text: string) => string

export type ViewOptions = {
  readonly paint: Paint
  readonly bounds: TableBounds
  readonly session: Pick<FilmSession, 'database' | 'target'>
}

// In the order in which they come: what was sent, what was decided, what came back.
export type EntryView = {
  readonly sent: readonly string[]
  readonly decided: readonly string[]
  readonly answer: readonly string[]
}

const TEXT_LINES_MAX = 40
const RULES_MAX = 8

const MARKS: Readonly<Record<string, readonly [Colour, string]>> = {
  allow: ['green', '✓'],
  deny: ['red', '✗'],
  'mask-fields': ['cyan', '▒'],
  'require-approval': ['yellow', '⏸'],
}

export function sessionView(session: FilmSession, { paint }: Pick<ViewOptions, 'paint'>): string {
  const who = harmless(session.name || session.subject)
  const from = session.client_address === '' ? '' : ` from ${harmless(session.client_address)}`
  const lines = [
    `${paint('bold', harmless(session.id))}  ${harmless(session.state)}`,
    `${who} (${harmless(session.kind)}) on ${harmless(session.target)}${from}`,
    `${new Date(session.opened).toISOString()}  ${session.commands} command(s)`,
    ...session.notes.map((note) => paint('yellow', `! ${harmless(note)}`)),
  ]
  return `${lines.join('\n')}\n`
}

export function entryView(entry: FilmEntry, options: ViewOptions): EntryView {
  return {
    sent: sentLines(entry, options),
    decided: [
      ...incidentLines(entry, options),
      ...decisionLines(entry, options),
      ...approvalLines(entry, options),
      ...(entry.under === undefined ? [] : underLines(entry.under, options)),
    ],
    answer: answerLines(entry, options),
  }
}

function sentLines(entry: FilmEntry, { paint, session, bounds }: ViewOptions): readonly string[] {
  const name = harmless(session.database || session.target) || 'sql'
  const head = paint('grey', `── #${entry.command}  ${clockText(entry.at)} `.padEnd(24, '─'))
  const lines = harmlessLines(entry.text)
  const shown = lines.slice(0, TEXT_LINES_MAX).map((line, i) => {
    const prompt = paint('grey', `${name}${i === 0 ? '=>' : '->'}`)
    return `${prompt} ${cut(line, Math.max(20, bounds.width * 4))}`
  })
  const more = lines.length - shown.length
  if (more > 0) shown.push(paint('grey', `   … ${more} more line(s)`))
  if (entry.redacted) shown.push(paint('grey', '   (literals removed)'))
  return [head, ...shown]
}

function decisionLines(entry: FilmEntry, { paint }: ViewOptions): readonly string[] {
  const [colour, mark] = MARKS[entry.action] ?? ['red', '?']
  const lines = [paint(colour, `${mark} ${harmless(entry.action)}`) + ruleIds(entry.rules)]
  if (!entry.go || entry.action === 'require-approval') lines.push(...ruleLines(entry.rules))
  if (entry.refusal !== undefined) lines.push(paint('red', `  ${harmless(entry.refusal)}`))
  if (entry.rewritten !== undefined) {
    lines.push(paint('grey', `  sent on as: ${cut(harmless(entry.rewritten), 400)}`))
  }
  return lines
}

function ruleIds(rules: readonly FilmRule[]): string {
  const ids = rules.slice(0, RULES_MAX).map(({ id }) => harmless(id))
  const more = rules.length > RULES_MAX ? `, ${rules.length - RULES_MAX} more` : ''
  return ids.length === 0 ? '' : `  ${ids.join(', ')}${more}`
}

function ruleLines(rules: readonly FilmRule[]): readonly string[] {
  return rules
    .slice(0, RULES_MAX)
    .flatMap(({ message, hint }) => [
      `  ${harmless(message)}`,
      ...(hint === undefined ? [] : [`  hint: ${harmless(hint)}`]),
    ])
}

function approvalLines(entry: FilmEntry, { paint }: ViewOptions): readonly string[] {
  if (entry.approval === undefined) return []
  const { id, events } = entry.approval
  const asked = events.find(({ event }) => event === 'requested')
  const waited = asked === undefined ? '' : ` for ${spanText(entry.at - asked.at)}`
  const told = events
    .filter(({ event }) => event !== 'requested')
    .map(({ event, by, reason }) => {
      const who = by === undefined ? '' : ` by ${harmless(by)}`
      return `${harmless(event)}${who}${reason === undefined ? '' : ` (${harmless(reason)})`}`
    })
  return [
    paint('yellow', `⏸ waited${waited}: ${harmless(id)}`),
    ...told.map((text) => paint('yellow', `  ${text}`)),
  ]
}

function incidentLines(entry: FilmEntry, { paint }: ViewOptions): readonly string[] {
  return (entry.incidents ?? []).map(({ event, detail }) =>
    paint('red', `! ${harmless(event)}${detail === '' ? '' : `: ${harmless(detail)}`}`),
  )
}

const PARTINGS: Readonly<Record<Parting, string>> = {
  same: 'the same',
  masked: 'more would have been masked',
  unmasked: 'less would have been masked',
  unheld: 'nobody would have been asked',
  denied: 'it would have been denied: the branch ends here',
  held: 'it would have been held: the branch ends here',
  refused: 'it would have been refused, or run on masked values: the branch ends here',
  limited: 'its answer would have been cut off',
  ran: 'it would have run: the branch ends here',
  unknown: 'not known',
}

export function partingText(under: UnderEntry): string {
  return under.after ? `after the parting: ${PARTINGS[under.parting]}` : PARTINGS[under.parting]
}

function underLines(under: UnderEntry, { paint }: ViewOptions): readonly string[] {
  const colour: Colour = under.parted ? 'yellow' : 'grey'
  const [, mark] = MARKS[under.action] ?? ['red', '?']
  return [
    paint(
      colour,
      `⑂ under: ${mark} ${harmless(under.action)}${ruleIds(under.rules)}  ${partingText(under)}`,
    ),
    ...(under.parted ? ruleLines(under.rules) : []),
    // Behind the parting each decision rests on the same doubt; it was said where the branch ended.
    ...(under.after && !under.parted ? [] : under.notes).map((note) =>
      paint(colour, `  ${harmless(note)}`),
    ),
  ]
}

function answerLines(entry: FilmEntry, { paint, bounds }: ViewOptions): readonly string[] {
  const lines: string[] = []
  let columns: Extract<Frame, { kind: 'columns' }>['columns'] = []
  let rows: (readonly (string | null)[])[] = []
  const flush = (): void => {
    lines.push(...tableLines(columns, rows, bounds))
    columns = []
    rows = []
  }
  for (const frame of entry.frames) {
    switch (frame.kind) {
      case 'command':
        break
      case 'columns':
        // Described before it ran, and again when it did.
        if (rows.length > 0) flush()
        columns = frame.columns
        break
      case 'rows':
        rows = [...rows, ...frame.rows]
        if (columns.length === 0)
          columns = (frame.rows[0] ?? []).map(() => ({ name: '?', type: 0 }))
        break
      case 'done':
        flush()
        lines.push(harmless(frame.tag))
        break
      case 'error':
        flush()
        lines.push(
          paint('red', `ERROR:  ${harmless(frame.message)} (${harmless(frame.sqlstate)})`),
          ...(frame.detail === undefined ? [] : [`DETAIL:  ${harmless(frame.detail)}`]),
          ...(frame.hint === undefined ? [] : [`HINT:  ${harmless(frame.hint)}`]),
        )
        break
      case 'notice':
        lines.push(paint('yellow', `${harmless(frame.severity)}:  ${harmless(frame.message)}`))
        if (frame.hint !== undefined) lines.push(`HINT:  ${harmless(frame.hint)}`)
        break
      case 'cut':
        flush()
        lines.push(paint('grey', `… ${harmless(frame.why)}`))
    }
  }
  flush()
  return [...lines, paint('grey', outcomeText(entry))]
}

function outcomeText({ outcome, go }: FilmEntry): string {
  if (outcome === undefined) return go ? '→ no outcome on record' : '→ did not run'
  const { result, tag, sqlstate, rows, masked, duration_us: duration } = outcome
  const parts = [
    harmless(result),
    tag === undefined ? undefined : harmless(tag),
    sqlstate === undefined ? undefined : harmless(sqlstate),
    rows === undefined ? undefined : `${rows} row(s)`,
    masked === undefined || masked === 0 ? undefined : `${masked} masked`,
    duration === undefined ? undefined : `${(duration / 1000).toFixed(1)} ms`,
  ]
  return `→ ${parts.filter((part) => part !== undefined && part !== '').join(', ')}`
}
