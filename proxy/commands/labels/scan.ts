// `sallyport labels scan`: proposes labels for columns that have none, and writes them into the policy folder when
// told to. Arguments and printing; what is read and why is in `proxy/labels`.
import { resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { readDbtManifest } from '../../labels/dbt-manifest.js'
import { readLabelData } from '../../labels/label-data.js'
import type { NewRule } from '../../labels/rule-file.js'
import { isAtLeast, ruleOf, scan, type Proposal } from '../../labels/scan.js'
import { CONFIDENCES } from '../../labels/weigh.js'
import type { Io } from '../io.js'
import { argumentsOf, formatArgument } from '../policy/toolbox.js'
import { paintFor } from '../table.js'
import { labelPlace, PLACE_HELP, PLACE_OPTIONS } from './place.js'
import { rulesWritten } from './rules-written.js'
import { scanJson, scanText, scanYaml, type Scanned } from './print-scan.js'

const FORMATS = ['pretty', 'json', 'yaml'] as const
const SAMPLE_ROWS = 200
const SAMPLE_ROWS_MAX = 10_000

export const help = `sallyport labels scan TARGET   propose labels for columns that have none

${PLACE_HELP}
  --sample N        rows of each table whose values are looked at (${SAMPLE_ROWS}); 0 looks at none
  --dbt FILE        a dbt manifest.json whose meta.pii, meta.contains_pii and meta.labels count
  --confidence C    what is proposed: high, medium (the default: both), low (everything)
  --write           write data/labels/data.yaml; without it the diff is printed and nothing written
  --format FORMAT   ${FORMATS.join(', ')}

It reads, with the account that the gateway reads names with: names, types, comments, security labels for
anon, and sampled values in a transaction that is read-only and limited in time. Values are counted where
they are read: none is printed, logged or stored, in no format. Tables that this account may not read are
named, and judged without values. Rules are added below those that there are, each with its reasons as a
comment; no rule is changed or taken away.

Exit status: 0 done, 1 not done, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, {
    ...PLACE_OPTIONS,
    sample: { type: 'string' },
    dbt: { type: 'string' },
    confidence: { type: 'string' },
    write: { type: 'boolean' },
    format: { type: 'string' },
  })
  const format = formatArgument(values.format, FORMATS)
  const sampleRows = sampleArgument(values.sample)
  const least = CONFIDENCES.find((one) => one === (values.confidence ?? 'medium'))
  if (least === undefined) {
    throw new GatewayError('usage', `--confidence is one of ${CONFIDENCES.join(', ')}`)
  }
  const dbt =
    values.dbt === undefined ? undefined : await readDbtManifest(resolve(io.cwd, values.dbt))
  const { target, folder, connection } = await labelPlace(positionals, values, io)
  try {
    const data = await readLabelData(folder)
    const rules = data.rules.map(({ rule }) => rule)
    const found = await scan({ query: connection.query, rules, sampleRows, dbt, least })
    const added = found.proposals
      .filter(({ confidence }) => isAtLeast(confidence, least))
      .sort(byTable)
      .map(newRule)
    const made = await rulesWritten(folder, data, added, {
      cwd: io.cwd,
      write: values.write === true,
    })
    const scanned: Scanned = {
      target,
      scan: found,
      added,
      ...made,
      unspoken: [...new Set(added.flatMap(({ rule }) => unspokenIn(rule.labels, data.isSpokenOf)))],
    }
    io.stdout.write(printed(scanned, format, io))
    return 0
  } finally {
    await connection.close()
  }
}

function printed(scanned: Scanned, format: (typeof FORMATS)[number], io: Io): string {
  switch (format) {
    case 'pretty':
      return scanText(scanned, paintFor(io))
    case 'json':
      return scanJson(scanned)
    case 'yaml':
      return scanYaml(scanned)
  }
}

function sampleArgument(given: string | undefined): number {
  const rows = Number(given ?? SAMPLE_ROWS)
  if (Number.isInteger(rows) && rows >= 0 && rows <= SAMPLE_ROWS_MAX && given !== '') return rows
  throw new GatewayError('usage', `--sample is a number of rows from 0 to ${SAMPLE_ROWS_MAX}`)
}

// Rules of a table stand together in the file; the list on the screen begins with what is surest.
function byTable(one: Proposal, other: Proposal): number {
  const [left, right] = [one, other].map(({ schema, table }) => JSON.stringify([schema, table]))
  return left === right || left === undefined || right === undefined ? 0 : left < right ? -1 : 1
}

function newRule(proposal: Proposal): NewRule {
  const { confidence, reasons } = proposal
  return { rule: ruleOf(proposal), because: `${confidence}: ${reasons.join('; ')}` }
}

// Where none of the labels has a rule, the label alone protects nothing.
function unspokenIn(
  labels: readonly string[],
  isSpokenOf: (label: string) => boolean,
): readonly string[] {
  return labels.some(isSpokenOf) ? [] : labels
}
