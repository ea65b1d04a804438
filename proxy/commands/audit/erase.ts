// `sallyport audit erase`: takes what is personal about somebody out of a record, and says so in it.
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { settingsFrom } from '../../config/read-config.js'
import { GatewayError } from '../../errors.js'
import { erase } from '../../recording/erasure/erase.js'
import { createRecorder } from '../../recording/segment-writer.js'
import { PRIVATE_KEY_FILE } from '../../recording/segment.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import { RECORD_OPTIONS, wholeRecord } from './material.js'

export const help = `sallyport audit erase [DIR] --subject SUBJECT --reason TEXT   erase what it holds about a person

  --subject SUBJECT    as the identity provider names them, or issuer and subject with a blank between
  --before MONTH       only what was recorded before this month (2026-11)
  --reason TEXT        why: it stands in the record, with who asked
  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory and the signing key from a configuration file
  --format FORMAT      pretty (default) or json

Works on what was recorded while record.erasable was on. Names, claims, addresses, the texts of commands
and reasons become [erased] in the record and in every copy of it; hashes, proofs and checkpoints stay
good. Copies of the file subject-keys.jsonl, recordings and search indexes must be erased as well. The
gateway must not be running on the record, and a legal hold prevents it.
Exit status: 0 erased, 1 not (and why), 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  subject: { type: 'string' },
  before: { type: 'string' },
  reason: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const { subject, reason, before } = values
  if (subject === undefined || subject === '') {
    throw new GatewayError('usage', 'who? --subject is missing')
  }
  if (reason === undefined || reason === '') {
    throw new GatewayError('usage', 'why? --reason is missing')
  }
  if (before !== undefined && !/^\d{4}-\d\d$/.test(before)) {
    throw new GatewayError('usage', `${before} is no month, as 2026-11 is`)
  }
  const directory = wholeRecord(positionals, values, io)
  const signingKey =
    values.config === undefined
      ? undefined
      : settingsFrom(resolve(io.cwd, values.config), io.env).record.signingKey?.reveal()
  if (signingKey === undefined && !existsSync(join(directory, PRIVATE_KEY_FILE))) {
    throw new GatewayError(
      'usage',
      'the key that signs this record is not beside it: name the configuration by --config, so that ' +
        'what is erased is signed by it',
    )
  }
  const recorder = await createRecorder({ directory, signingKey }).catch((problem: unknown) => {
    if (!(problem instanceof GatewayError) || problem.code !== 'conflict') throw problem
    throw new GatewayError('conflict', 'a gateway is running on this record: stop it first')
  })
  try {
    const by = `command line (${userInfo().username})`
    const found = await erase(
      directory,
      { subject, before, reason, by },
      (event) =>
        new Promise((done, failed) =>
          recorder.erased(event, (problem) => (problem === undefined ? done() : failed(problem))),
        ),
    )
    if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
    else {
      const keys = `${found.keys.length} key${found.keys.length === 1 ? '' : 's'}`
      io.stdout.write(
        `${paintFor(io)('green', '✓ erased')}  ${plainText(subject)}\n  ${keys}, of ` +
          `${found.months.join(', ')}; the record says so\n`,
      )
    }
  } finally {
    await recorder.close()
  }
  return 0
}
