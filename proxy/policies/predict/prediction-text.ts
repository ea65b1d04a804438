// A prediction for people: for a terminal, and as Markdown for a pull request; and as findings, for code
// hosts that show them at their lines.
import type { Finding } from '../findings.js'
import type { Predicted, Prediction } from './predict.js'

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string

export type About = {
  // As the caller named it.
  readonly file: string
  readonly identity: string
  readonly target: string
}

const COLOURS = {
  allow: 'green',
  'mask-fields': 'yellow',
  'require-approval': 'yellow',
  deny: 'red',
} as const
const WORDS = {
  allow: 'allow',
  'mask-fields': 'mask',
  'require-approval': 'hold',
  deny: 'deny',
} as const
const TEXT_MAX = 70

export function predictionText(
  found: Prediction,
  about: About,
  paint: Paint = (_, text) => text,
): string {
  const lines = [`${paint('bold', about.file)} as ${about.identity} at ${about.target}`, '']
  const width = String(found.statements.at(-1)?.line ?? 1).length
  for (const one of found.statements) {
    const word = paint(COLOURS[one.action], WORDS[one.action].padEnd(5))
    lines.push(`  ${word}  ${String(one.line).padStart(width)}  ${brief(one.text)}`)
    for (const detail of detailsOf(one))
      lines.push(`           ${' '.repeat(width)}${paint('grey', detail)}`)
  }
  for (const { line, what } of found.syntaxErrors)
    lines.push(paint('red', `  line ${line}: ${what}`))
  for (const { line, what } of found.unread) lines.push(paint('yellow', `  line ${line}: ${what}`))
  lines.push('', summaryOf(found))
  return `${lines.join('\n')}\n`
}

export function predictionMarkdown(found: Prediction, about: About): string {
  const rows = found.statements.map((one) => {
    const details = detailsOf(one).map(cell).join('<br>')
    return `| ${one.line} | ${WORDS[one.action]} | ${code(brief(one.text))} | ${details} |`
  })
  const notes = [...found.syntaxErrors, ...found.unread].map(
    ({ line, what }) => `- line ${line}: ${cell(what)}`,
  )
  return [
    `### ${code(about.file)} as ${about.identity} at ${about.target}`,
    '',
    summaryOf(found),
    '',
    ...(rows.length === 0
      ? []
      : ['| line | decision | statement | |', '|---|---|---|---|', ...rows, '']),
    ...(notes.length === 0 ? [] : [...notes, '']),
  ].join('\n')
}

export function predictionFindings(found: Prediction, file: string): readonly Finding[] {
  const findings: Finding[] = []
  for (const one of found.statements) {
    const { line, column, rules, action, hint, approval, wouldPass, notes } = one
    const [rule = 'sallyport/undefined'] = rules
    const place = { file, line, column }
    const message = one.message ?? ''
    if (action === 'deny') {
      const fix = hint ?? wouldPass[0]?.words ?? 'ask for a policy that allows it'
      findings.push({ rule, severity: 'error', ...place, message, fix })
    }
    if (action === 'require-approval') {
      const fix = `have it approved by ${whoOf(approval)}${hint === undefined ? '' : `; ${hint}`}`
      findings.push({
        rule,
        severity: 'warning',
        ...place,
        message: `needs an approval: ${message}`,
        fix,
      })
    }
    for (const note of notes) {
      const fix = 'look at what follows with care'
      findings.push({ rule: 'predict/names', severity: 'warning', ...place, message: note, fix })
    }
  }
  for (const { line, column, what } of found.syntaxErrors) {
    const fix = 'correct the statement'
    const rule = 'predict/syntax'
    findings.push({ rule, severity: 'error', file, line, column, message: what, fix })
  }
  for (const { line, column, what } of found.unread) {
    const fix = 'predict by itself what is not read here'
    const rule = 'predict/unread'
    findings.push({ rule, severity: 'warning', file, line, column, message: what, fix })
  }
  return findings
}

export const PREDICTION_RULES: Readonly<Record<string, string>> = {
  'predict/names': 'Names after this statement may mean something else',
  'predict/syntax': 'PostgreSQL would refuse the text',
  'predict/unread': 'A part of the script is not SQL',
}

function detailsOf(one: Predicted): readonly string[] {
  const { action, rules, message, hint, masked, rewritten, approval, wouldPass, notes } = one
  const details: string[] = []
  if (message !== undefined) details.push(`${rules[0] ?? ''}: ${message}`)
  if (action === 'require-approval') details.push(`waits for ${whoOf(approval)}`)
  if (masked !== undefined) details.push(`masked: column ${masked.join(', ')} of the result`)
  if (rewritten !== undefined) details.push('runs rewritten, on masked values')
  if (hint !== undefined) details.push(`→ ${hint}`)
  if (wouldPass.length > 0) {
    details.push(
      `would pass: ${wouldPass.map(({ words, sql }) => (sql === undefined ? words : brief(sql))).join('; or ')}`,
    )
  }
  return [...details, ...notes]
}

function whoOf(approval: Predicted['approval']): string {
  const { quorum = 1, approvers = [] } = approval ?? {}
  return `${quorum === 1 ? 'one' : quorum} of ${approvers.join(' or ')}`
}

export function summaryOf({ statements, approvers, syntaxErrors }: Prediction): string {
  const count = (action: Predicted['action']): number =>
    statements.filter((one) => one.action === action).length
  const parts = [
    `${statements.length} statement${statements.length === 1 ? '' : 's'}`,
    `${count('allow')} allowed`,
    `${count('mask-fields')} masked`,
    `${count('require-approval')} held${approvers.length === 0 ? '' : ` for ${approvers.join(', ')}`}`,
    `${count('deny')} denied`,
  ]
  const [all = '', ...rest] = parts
  const wrong = syntaxErrors.length === 0 ? '' : `; ${syntaxErrors.length} not SQL`
  return `${all}: ${rest.join(', ')}${wrong}`
}

function brief(text: string): string {
  const flat = [
    ...text
      .replace(/\s+/g, ' ')
      .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/g, '\ufffd')
      .trim(),
  ]
  return flat.length <= TEXT_MAX ? flat.join('') : `${flat.slice(0, TEXT_MAX - 1).join('')}…`
}

// What a statement holds must not become Markdown.
function code(text: string): string {
  return `\`${text.replaceAll('`', '\u02cb').replaceAll('|', '\\|')}\``
}

function cell(text: string): string {
  return text.replace(/[\\|<>*_[\]`]/g, (sign) => `\\${sign}`)
}
