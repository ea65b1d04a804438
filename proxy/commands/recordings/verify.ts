// `sallyport recordings verify`: are the recordings what the record says they are? Needs no key; with
// --open each is opened and read to its end as well.
import { GatewayError } from '../../errors.js'
import { recordLines } from '../../recording/read-record.js'
import { checkRecordings, type Verdict } from '../../recordings/check.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import { CONFIG_HELP, recordingsPlace } from './place.js'
import { recordedId } from './show.js'

export const help = `sallyport recordings verify [SESSION]     hold recordings against the record

Each recording that the record knows must be there with the same digest, unless the record says that it
was deleted; and none may be there that the record does not know. Verify the record itself as well:
sallyport audit verify.

${CONFIG_HELP}
  --open            open each with its key and read it to the end
  --format FORMAT   pretty (default) or json

Exit status: 0 all are as they should be, 1 not, and which are not, 2 wrong usage.
`

const OPTIONS = {
  config: { type: 'string' },
  format: { type: 'string' },
  open: { type: 'boolean' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  if (positionals.length > 1) throw new GatewayError('usage', 'name one session, or none')
  const format = formatArgument(values.format, ['pretty', 'json'])
  const place = recordingsPlace(values.config, io)
  const [name] = positionals
  const only = name === undefined ? undefined : await recordedId(place, name)
  const verdicts: Verdict[] = []
  for await (const verdict of checkRecordings({
    lines: recordLines(place.record),
    library: place.library,
    store: place.store,
    open: values.open === true,
    only,
  })) {
    verdicts.push(verdict)
  }
  const bad = verdicts.filter(({ problem }) => problem !== undefined)
  if (format === 'json') io.stdout.write(`${JSON.stringify(verdicts)}\n`)
  else {
    const paint = paintFor(io)
    for (const { session, problem = '' } of bad) {
      io.stdout.write(`${paint('red', '✗')} ${session}  ${plainText(problem)}\n`)
    }
    const count = (state: Verdict['state']): number =>
      verdicts.filter((one) => one.state === state).length
    const sums = `${count('finished')} finished, ${count('cut_short')} cut short, ${count('deleted')} deleted, ${count('open')} open`
    io.stdout.write(
      bad.length === 0
        ? `${paint('green', '✓')} ${verdicts.length} recordings are as the record says: ${sums}\n`
        : `${bad.length} of ${verdicts.length} recordings are not as the record says\n`,
    )
  }
  return bad.length === 0 ? 0 : 1
}
