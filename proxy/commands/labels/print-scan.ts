// What a scan found, for people, for programs and as rules to paste.
import { plainText, tableOf, type Colour, type Paint } from '../table.js'
import { ruleText, type NewRule } from '../../labels/rule-file.js'
import type { Proposal, Scan } from '../../labels/scan.js'
import type { Confidence } from '../../labels/weigh.js'

export type Scanned = {
  readonly target: string
  readonly scan: Scan
  readonly added: readonly NewRule[]
  // As seen from where the command was called.
  readonly file: string
  readonly diff: string
  readonly written: boolean
  // Labels of which no rule of the policy speaks.
  readonly unspoken: readonly string[]
}

const COLOURS: Readonly<Record<Confidence, Colour>> = { high: 'red', medium: 'yellow', low: 'grey' }
const LISTED_MAX = 50

export function scanText(scanned: Scanned, paint: Paint): string {
  const { scan, written, file, diff, added, unspoken } = scanned
  const blocks = [
    headOf(scanned),
    scan.proposals.length === 0 ? '' : tableOfProposals(scan.proposals, paint),
    listed(
      'These get the same labels by themselves, because of what they read:',
      scan.following.map(({ column, from }) => `${column} from ${from.join(', ')}`),
    ),
    listed(
      'Judged without their values:',
      scan.unread.map(({ table, why }) => `${table}: ${why}`),
    ),
    unspoken.length === 0
      ? ''
      : `No rule of the policy speaks of ${unspoken.join(', ')}: such columns are not protected until one does.\n`,
    coloured(diff, paint),
    foot(added.length, written, file),
  ]
  return blocks.filter((block) => block !== '').join('\n')
}

function headOf({ target, scan }: Scanned): string {
  const { database, columns, labelled, sampledTables, sampledRows } = scan
  return (
    `${target}, database ${plainText(database)}: ${columns} columns, ${labelled} with labels; ` +
    `looked at ${sampledRows} rows of ${sampledTables} table${sampledTables === 1 ? '' : 's'}\n`
  )
}

function tableOfProposals(proposals: readonly Proposal[], paint: Paint): string {
  const rows = proposals.map(({ schema, table, column, labels, confidence, reasons }) => [
    { text: confidence, colour: COLOURS[confidence] },
    plainText(`${schema}.${table}.${column}`, 80),
    labels.join(', '),
    reasons.join('; '),
  ])
  return tableOf(['SURE', 'COLUMN', 'LABELS', 'WHY'], rows, paint)
}

function listed(head: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const shown = lines.slice(0, LISTED_MAX).map((line) => `  ${plainText(line, 200)}\n`)
  const more = lines.length - shown.length
  return `${head}\n${shown.join('')}${more > 0 ? `  and ${more} more\n` : ''}`
}

export function coloured(diff: string, paint: Paint): string {
  return diff.replaceAll(/^[+-].*$/gm, (line) =>
    paint(line.startsWith('+') ? 'green' : 'red', line),
  )
}

function foot(rules: number, written: boolean, file: string): string {
  if (rules === 0) return 'Nothing to add.\n'
  const what = `${rules} rule${rules === 1 ? '' : 's'}`
  return written
    ? `${what} written to ${file}\n`
    : `${what} to add to ${file}; --write writes them\n`
}

export function scanJson({ target, scan, file, diff, written, unspoken }: Scanned): string {
  const { proposals, following, unread, ...counts } = scan
  return `${JSON.stringify(
    { target, ...counts, proposals, following, unread, unspoken, file, written, diff },
    null,
    2,
  )}\n`
}

export function scanYaml({ added }: Scanned): string {
  if (added.length === 0) return 'columns: []\n'
  return `columns:\n${added.map((one) => ruleText(one, 2)).join('')}`
}
