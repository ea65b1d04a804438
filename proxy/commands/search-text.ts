// What searching found, for people and for spreadsheets. Texts that came from clients never steer the terminal, and
// never become formulas.
import { csvLine } from '../replay/csv.js'
import type { GroupedAnswer, Hit } from '../search/answers.js'
import { instantOf, plainText, tableOf, type Colour, type Paint } from './table.js'

const ACTION_COLOURS: Readonly<Record<string, Colour>> = {
  allow: 'green',
  deny: 'red',
  'mask-fields': 'cyan',
  'require-approval': 'yellow',
}
const TEXT_CHARACTERS = 300

export function hitText(hit: Hit, paint: Paint): string {
  const who = `${plainText(hit.who, 60)} (${plainText(hit.kind, 12)}) on ${plainText(hit.target, 60)}`
  const action = paint(ACTION_COLOURS[hit.action] ?? 'red', hit.action)
  const rules = hit.rules.length === 0 ? '' : `  ${plainText(hit.rules.join(', '))}`
  const text = hit.gone
    ? paint('grey', 'its text is no longer in the record')
    : plainText(hit.text, TEXT_CHARACTERS)
  const lines = [
    `${paint('grey', instantOf(Date.parse(hit.time)))}  ${who}  ${action}${rules}`,
    `   ${text}${hit.redacted ? paint('grey', '  (literals removed)') : ''}`,
  ]
  if (hit.refusal !== null) lines.push(`   refused: ${plainText(hit.refusal)}`)
  lines.push(`   ${hit.ran ? '→' : '✗'} ${outcomeOf(hit)}${sawOf(hit)}`)
  lines.push(paint('grey', `   ${replayOf(hit)}`))
  return `${lines.join('\n')}\n\n`
}

export function replayOf({ session, command }: Pick<Hit, 'session' | 'command'>): string {
  return `sallyport sessions replay ${plainText(session)} --from ${command}`
}

function outcomeOf(hit: Hit): string {
  if (!hit.ran) return 'did not run'
  const details = [
    hit.tag,
    hit.sqlstate,
    hit.rows === null ? null : `${hit.rows} row(s)`,
    hit.masked === null || hit.masked === 0 ? null : `${hit.masked} masked`,
    hit.duration_ms === null ? null : `${hit.duration_ms.toFixed(1)} ms`,
  ]
  const known = details.flatMap((one) => (one === null || one === '' ? [] : [plainText(one, 60)]))
  return [hit.result ?? 'no outcome yet', ...known].join(', ')
}

function sawOf({ saw, ran }: Hit): string {
  if (saw.length === 0 || !ran) return ''
  return `; saw ${plainText(saw.join(', '), 200)}`
}

export function groupsText(found: GroupedAnswer, paint: Paint): string {
  const { groups, by, commands, complete, took_ms: took, other_groups: others } = found
  if (groups.length === 0) return 'nothing on record fits\n'
  const head = [by.toUpperCase(), 'COMMANDS', 'ROWS', 'MASKED', 'FIRST (UTC)', 'LAST (UTC)', 'SEE']
  const rows = groups.map((group) => [
    plainText(group.value, 60),
    String(group.commands),
    String(group.rows),
    String(group.masked),
    instantOf(Date.parse(group.first)),
    instantOf(Date.parse(group.last)),
    `${plainText(group.session)} --from ${group.command}`,
  ])
  const more = others === 0 ? '' : `, and ${others} more`
  const whole = complete
    ? ''
    : paint('yellow', `\n• it took too long: only lines from ${found.from_line} on were counted`)
  const told = `${commands} command(s), in ${took} ms${more}; SEE: sallyport sessions replay …`
  return `${tableOf(head, rows, paint)}${paint('grey', told)}${whole}\n`
}

const SAFE = { spreadsheet: true } as const

export function hitsCsv(hits: readonly Hit[], withHead: boolean): string {
  const head = [
    ...['time', 'who', 'subject', 'issuer', 'kind', 'target', 'database', 'session', 'command'],
    ...['action', 'rules', 'ran', 'refusal', 'result', 'tag', 'sqlstate', 'rows', 'masked'],
    ...['objects', 'columns', 'saw', 'labels', 'text', 'seq'],
  ]
  const lines = hits.map((hit) =>
    csvLine(
      [
        ...[hit.time, hit.who, hit.subject, hit.issuer, hit.kind, hit.target, hit.database],
        ...[hit.session, String(hit.command), hit.action, hit.rules.join(' '), String(hit.ran)],
        ...[hit.refusal, hit.result, hit.tag, hit.sqlstate, number(hit.rows), number(hit.masked)],
        ...[hit.objects, hit.columns, hit.saw, hit.labels].map((list) => list.join(' ')),
        ...[hit.text, String(hit.seq)],
      ],
      SAFE,
    ),
  )
  return `${withHead ? csvLine(head, SAFE) : ''}${lines.join('')}`
}

export function groupsCsv({ groups, by }: GroupedAnswer): string {
  const head = [by, 'commands', 'rows', 'masked', 'first', 'last', 'session', 'command']
  const lines = groups.map((group) =>
    csvLine(
      [
        ...[group.value, String(group.commands), String(group.rows), String(group.masked)],
        ...[group.first, group.last, group.session, String(group.command)],
      ],
      SAFE,
    ),
  )
  return `${csvLine(head, SAFE)}${lines.join('')}`
}

function number(value: number | null): string | null {
  return value === null ? null : String(value)
}
