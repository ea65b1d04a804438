// `sallyport labels derived`: labels that a running gateway found to have followed data into columns which no rule
// names. They are listed with where each came from, accepted into the policy folder, or dismissed with a reason.
import { GatewayError } from '../../errors.js'
import { readLabelData, type LabelData } from '../../labels/label-data.js'
import type { NewRule } from '../../labels/rule-file.js'
import { asked, listOf, memberOf, remoteOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { personText } from '../policy/operating.js'
import { argumentsOf, formatArgument } from '../policy/toolbox.js'
import { paintFor, tableOf, type Paint } from '../table.js'
import { labelPlace, PLACE_HELP, PLACE_OPTIONS } from './place.js'
import { coloured } from './print-scan.js'
import { rulesWritten } from './rules-written.js'

export const help = `sallyport labels derived [TARGET]                list labels that followed data
sallyport labels derived TARGET --accept         make rules of them, as a diff; --write writes it
sallyport labels derived --dismiss ID --reason TEXT   say that one of them is none

When somebody who sees protected values copies them to where no rule names them, the gateway labels the
columns that got them, before the statement runs. An accepted label stays one; a dismissed one counts no
longer, also when the same values are copied there again, and the record says who said so and why.

  --accept          rules for what stands, below those that there are in data/labels/data.yaml
  --write           with --accept: write the file; without it the diff is printed and nothing written
  --dismiss ID      as the list shows it; whose groups stand in policy.operators
  --reason TEXT     why the column holds nothing protected
  --all             list dismissed ones as well
  --url URL         the gateway (SALLYPORT_URL, or http://127.0.0.1:8470)
  --token TOKEN     an access token (SALLYPORT_TOKEN, or the one of “sallyport login”)
  --format FORMAT   pretty (default) or json
${PLACE_HELP}

Exit status: 0 done, 1 not done, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, {
    ...PLACE_OPTIONS,
    accept: { type: 'boolean' },
    write: { type: 'boolean' },
    dismiss: { type: 'string' },
    reason: { type: 'string' },
    all: { type: 'boolean' },
    url: { type: 'string' },
    token: { type: 'string' },
    format: { type: 'string' },
  })
  const format = formatArgument(values.format, ['pretty', 'json'])
  const { accept = false, write = false, dismiss, reason, all = false } = values
  if (write && !accept) throw new GatewayError('usage', '--write belongs to --accept')
  if ((dismiss === undefined) !== (reason === undefined)) {
    throw new GatewayError('usage', '--dismiss ID and --reason TEXT belong together')
  }
  if (dismiss !== undefined && (accept || positionals.length > 0)) {
    throw new GatewayError('usage', '--dismiss stands alone: an id names its target')
  }
  const remote = await remoteOf(io, { url: values.url, token: values.token })
  if (dismiss !== undefined) {
    const path = `/api/labels/derived/${encodeURIComponent(dismiss)}/dismiss`
    await asked(remote, path, { reason })
    io.stdout.write(`Dismissed: ${dismiss}\n`)
    return 0
  }
  const [named, ...more] = positionals
  if (more.length > 0) throw new GatewayError('usage', 'name one target')
  const target = named?.split('/')[0]
  const query = target === undefined ? '' : `?target=${encodeURIComponent(target)}`
  const answer = await asked(remote, `/api/labels/derived${query}`)
  const found = listOf(answer, 'labels').filter((one) => all || !isDismissed(one))
  const paint = paintFor(io)
  if (!accept) {
    const isJson = format === 'json'
    io.stdout.write(
      isJson ? `${JSON.stringify({ labels: found }, null, 2)}\n` : listed(found, paint),
    )
    return 0
  }
  const place = await labelPlace(positionals, values, io)
  try {
    const data = await readLabelData(place.folder)
    const added = newRules(
      found.filter((one) => !isDismissed(one)),
      data,
    )
    const made = await rulesWritten(place.folder, data, added, { cwd: io.cwd, write })
    const isJson = format === 'json'
    const rules = added.map(({ rule }) => rule)
    io.stdout.write(
      isJson
        ? `${JSON.stringify({ rules, ...made }, null, 2)}\n`
        : `${coloured(made.diff, paint)}${footOf(added.length, made)}`,
    )
    return 0
  } finally {
    await place.connection.close()
  }
}

function isDismissed(one: unknown): boolean {
  const dismissed = memberOf(one, 'dismissed')
  return dismissed !== null && dismissed !== undefined
}

function columnOf(one: unknown): string {
  return ['schema', 'table', 'column'].map((part) => textOf(one, part)).join('.')
}

function listed(found: readonly unknown[], paint: Paint): string {
  if (found.length === 0) return 'No label has followed data.\n'
  const rows = found.map((one) => {
    const dismissed = memberOf(one, 'dismissed')
    const how = textOf(one, 'kept') === 'true' ? 'was' : 'copied from'
    return [
      textOf(one, 'id'),
      textOf(one, 'target'),
      columnOf(one),
      textsOf(one, 'labels').join(', '),
      `${how} ${textOf(one, 'from')}`,
      isDismissed(one)
        ? `dismissed by ${personText(textOf(dismissed, 'by'))}: ${textOf(dismissed, 'reason')}`
        : `${personText(textOf(one, 'by'))}, session ${textOf(one, 'session').slice(0, 8)}`,
    ]
  })
  return tableOf(['ID', 'TARGET', 'COLUMN', 'LABELS', 'FROM', 'BY'], rows, paint)
}

// One rule for each column, with all labels that reached it; none for what a rule of the same names says already.
function newRules(found: readonly unknown[], { rules }: LabelData): readonly NewRule[] {
  const columns = new Map<string, unknown[]>()
  for (const one of found) columns.set(columnOf(one), [...(columns.get(columnOf(one)) ?? []), one])
  return [...columns.values()].flatMap((same): readonly NewRule[] => {
    const [first] = same
    const schema = textOf(first, 'schema')
    const table = textOf(first, 'table')
    const column = textOf(first, 'column')
    const labels = [...new Set(same.flatMap((one) => textsOf(one, 'labels')))].sort()
    const known = rules.some(
      ({ rule }) =>
        rule.schema === schema &&
        rule.table === table &&
        rule.column === column &&
        labels.every((label) => rule.labels.includes(label)),
    )
    if (known) return []
    const from = [...new Set(same.map((one) => textOf(one, 'from')))].join(', ')
    return [{ rule: { schema, table, column, labels }, because: `follows ${from}` }]
  })
}

function footOf(count: number, { file, written }: { file: string; written: boolean }): string {
  if (count === 0) return 'Nothing to add: rules name all of them.\n'
  const rules = `${count} rule${count === 1 ? '' : 's'}`
  return written
    ? `\n${rules} written to ${file}. Commit it; the policies are read again from there.\n`
    : `\n${rules} to add to ${file}; nothing was written, --write does it.\n`
}
