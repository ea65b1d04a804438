// A record whose decisions were really made, by the shipped policies, so that receipts of them can be
// executed again. Holds no test of its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Policy } from '../../../engine/policy/policy.js'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { buildBundle } from '../../../proxy/policies/build.js'
import { makeReceipt } from '../../../proxy/recording/make-receipt.js'
import type { RecordName } from '../../../proxy/recording/decision-lines.js'
import { textDigest } from '../../../proxy/recording/record-line.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { keysFor, signedNotes, signerAmong } from '../../../proxy/recording/trusted-keys.js'
import { LIBRARY, opaPath } from '../../rego/library.js'
import { BASE, COMMAND, commandRecord, recorded } from './sample-record.js'

export const FUEL = 5_000_000
export const COMMANDS = 24

export type Decided = { readonly policy: Policy; readonly bytes: Uint8Array }

let built: Promise<Decided> | undefined

export function shippedPolicy(): Promise<Decided> {
  built ??= (async () => {
    const bytes = await buildBundle({ opa: await opaPath(), folder: LIBRARY })
    return { bytes, policy: await policyOf(bytes, { id: 1, fuel: FUEL }) }
  })()
  return built
}

// Two runs of a gateway and so two checkpoints, several segments. Odd commands have a digest of their own.
export async function decidedRecord(directory: string): Promise<Decided> {
  const decided = await shippedPolicy()
  const { digest: bundle, wasmDigest: wasm, revision } = decided.policy
  const command = { ...COMMAND, digest: '' }
  for (let run = 0; run < 2; run += 1) {
    const recorder = await createRecorder({ directory, segmentBytes: 8_000 })
    recorder.bundle({ event: 'activated', bundle, wasm, revision, fuel: FUEL })
    for (let n = 1; n <= COMMANDS; n += 1) {
      const text = `SELECT ${n} AS "é – ${run}"`
      const own = textDigest(`${text} $1`)
      const overrides = {
        ...(n % 2 === 1 ? { 'command.digest': own } : {}),
        'session.counters.rows': n,
      }
      const facts: Facts = {
        ...BASE,
        session: { ...BASE.session, counters: { ...BASE.session.counters, rows: n } },
        command: { ...COMMAND, digest: n % 2 === 1 ? own : textDigest(text) },
      }
      const decision = decided.policy.decide(facts, 'decision')
      await recorded(
        recorder,
        commandRecord(n, {
          session: `s${run}`,
          text,
          bundle,
          decision,
          facts: { base: BASE, command, overrides },
        }),
      )
      recorder.outcome({ session: `s${run}`, command: n, result: 'done', rows: 1 })
    }
    await recorder.close()
  }
  return decided
}

export function receiptFrom(directory: string, name: RecordName): Buffer {
  const keys = keysFor(directory, undefined)
  const note = signedNotes(directory, keys).at(-1)
  const key = note === undefined ? note : signerAmong(keys, note)
  if (note === undefined || key === undefined) throw new Error('the record is not signed')
  return Buffer.from(makeReceipt(directory, name, { note, key }).text)
}

export function publicKey(directory: string): string {
  return readFileSync(join(directory, 'signing-key.pub'), 'utf8')
}
