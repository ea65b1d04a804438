// Whether `recordings` can work: the keys are keys, no store is spoken to in clear over a network, rules of
// retention name targets that exist, and nothing is recorded into the record's own folder.
import { resolve } from 'node:path'
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl } from '../loopback.js'
import { keyBytes } from '../recordings/key-ring.js'
import { checkCertificate, checkSecret, type Surroundings } from './place-checks.js'

const A_KEY = '32 bytes in base64 or hexadecimal, such as openssl rand -base64 32 prints'

export function checkRecordings(
  { recordings, record, targets }: Config,
  around: Surroundings,
): void {
  if (recordings === undefined) return
  const { report, directory } = around
  const keys = [
    { path: ['recordings', 'key'], reference: recordings.key },
    ...(recordings.previous_keys ?? []).map((reference, i) => ({
      path: ['recordings', 'previous_keys', i],
      reference,
    })),
  ]
  for (const { path, reference } of keys) {
    const text = checkSecret(path, reference, around)
    if (text !== undefined && keyBytes(text) === undefined) report(path, 'no key', A_KEY)
  }
  if (resolve(directory, recordings.directory) === resolve(directory, record.directory)) {
    report(['recordings', 'directory'], 'the folder of the record', 'a folder of its own')
  }
  for (const [i, { target }] of (recordings.retention ?? []).entries()) {
    if (target === undefined || Object.hasOwn(targets, target)) continue
    const names = Object.keys(targets).join(', ')
    report(
      ['recordings', 'retention', i, 'target'],
      `“${target}”`,
      `the name of a target: ${names}`,
    )
  }
  const { s3 } = recordings
  if (s3 === undefined) return
  const at = ['recordings', 's3']
  checkSecret([...at, 'access_key_id'], s3.access_key_id, around)
  checkSecret([...at, 'secret_access_key'], s3.secret_access_key, around)
  if (s3.ca !== undefined) checkCertificate([...at, 'ca'], s3.ca, around)
  if (!isAcceptableUrl(s3.endpoint)) {
    const allowed = 'an https:// URL; http:// only on loopback'
    report([...at, 'endpoint'], 'a URL that is not safe or not whole', allowed)
  }
}
