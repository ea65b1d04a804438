// The secret behind the masks `hash` and `token`: the configured one, so that the same value has the same hash
// for ever and at every gateway that has it, or one by chance for this run of the gateway.
import { randomBytes } from 'node:crypto'
import type { Settings } from './config/settings.js'
import { GatewayError } from './errors.js'

// Of a text that somebody may have typed. Whoever can guess it can guess what is behind a hash.
const CHARACTERS_MIN = 32

export function maskSecretOf({ masks: { key } }: Settings): Uint8Array {
  if (key === undefined) return randomBytes(32)
  const text = key.reveal()
  if (text.length >= CHARACTERS_MIN) return Buffer.from(text, 'utf8')
  throw new GatewayError(
    'secret_unavailable',
    `masks.key (${key.reference}) has fewer than ${CHARACTERS_MIN} characters`,
  )
}
