// `sallyport recordings list`: what is there, of whom, how large, and when retention ends it. No key needed.
import { holdOn, holdsOf } from '../../recordings/holds.js'
import { daysOf } from '../../recordings/removal.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { instantOf, paintFor, plainText, tableOf } from '../table.js'
import { CONFIG_HELP, recordingsPlace } from './place.js'

export const help = `sallyport recordings list     the recordings that there are, oldest first

${CONFIG_HELP}
  --format FORMAT   pretty (default) or json

STATE: finished; cut_short, where the gateway or the disk ended before the session did; open, where the
session may still be going on. Exit status: 0 listed, 1 not, 2 wrong usage.
`

const OPTIONS = { config: { type: 'string' }, format: { type: 'string' } } as const
const DAY_MS = 86_400_000

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const { settings, library, store } = recordingsPlace(values.config, io)
  const text = await store.whole('holds.json')
  const holds = text === undefined ? [] : holdsOf(text.toString('utf8'))
  const found = []
  for await (const document of library.documents()) {
    const { session, opened, subject, issuer, kind, target, database, sealed } = document
    const days = daysOf(document, settings)
    found.push({
      session,
      opened_ms: opened,
      subject,
      issuer,
      kind,
      target,
      database,
      state: sealed?.state ?? 'open',
      bytes: sealed?.bytes ?? 0,
      digest: sealed?.digest,
      ends_ms: days === undefined ? undefined : opened + days * DAY_MS,
      hold: holdOn(holds, document)?.id,
    })
  }
  found.sort((a, b) => a.opened_ms - b.opened_ms)
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify(found)}\n`)
    return 0
  }
  if (found.length === 0) {
    io.stdout.write('nothing is recorded\n')
    return 0
  }
  const rows = found.map((one) => [
    one.session,
    instantOf(one.opened_ms),
    plainText(one.subject, 40),
    plainText(one.target, 40),
    one.state,
    String(one.bytes),
    one.hold === undefined
      ? one.ends_ms === undefined
        ? 'kept'
        : instantOf(one.ends_ms)
      : `held (${one.hold})`,
  ])
  const head = ['SESSION', 'OPENED (UTC)', 'WHO', 'TARGET', 'STATE', 'BYTES', 'UNTIL (UTC)']
  io.stdout.write(tableOf(head, rows, paintFor(io)))
  return 0
}
