// Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519): somebody else's word, with a time, that a
// checkpoint extends all that they saw of this record before. Their keys are verifier keys of type 4.
import { createHash, createPublicKey, verify as verifyBytes } from 'node:crypto'
import { GatewayError } from '../errors.js'
import type { SignedNote } from './signed-note.js'

// C2SP tlog-cosignature, "Format": the type of Ed25519 cosignatures.
const COSIGNATURE = 4
const KEY_BYTES = 32
const ID_BYTES = 4
const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

export type Cosigner = {
  readonly name: string
  readonly text: string
  // When the witness saw this checkpoint (seconds, Unix epoch); undefined where it did not sign it.
  readonly saw: (note: SignedNote) => number | undefined
}

export type Cosigned = { readonly name: string; readonly time: number }

export function cosignerOf(verifierKey: string): Cosigner {
  const text = verifierKey.trim()
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = Buffer.from(encoded ?? '', 'base64')
  const raw = bytes.subarray(1)
  if (name === undefined || bytes[0] !== COSIGNATURE || raw.length !== KEY_BYTES) {
    throw new GatewayError(
      'usage',
      `${text.slice(0, 80)} is not the key of a witness (name+id+key of type 4, C2SP tlog-cosignature)`,
    )
  }
  const own = cosignerId(name, raw)
  if (own.toString('hex') !== id) {
    throw new GatewayError('usage', `the key of witness ${name} does not fit its own key id`)
  }
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
  })
  return {
    name,
    text,
    saw(note) {
      for (const { name: by, bytes } of note.signatures) {
        if (by !== name || bytes.length !== ID_BYTES + TIME_BYTES + SIGNATURE_BYTES) continue
        if (!bytes.subarray(0, ID_BYTES).equals(own)) continue
        const time = bytes.readBigUInt64BE(ID_BYTES)
        const signed = Buffer.from(cosignedText(time, note.text))
        if (verifyBytes(null, signed, key, bytes.subarray(ID_BYTES + TIME_BYTES))) {
          return Number(time)
        }
      }
      return undefined
    },
  }
}

// One a line.
export function cosignersIn(text: string): readonly Cosigner[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(cosignerOf)
}

// Each witness counts once, however often it signed; a key under two names is one witness.
export function cosignedBy(note: SignedNote, cosigners: readonly Cosigner[]): readonly Cosigned[] {
  const found = new Map<string, Cosigned>()
  for (const cosigner of cosigners) {
    const time = cosigner.saw(note)
    const key = cosigner.text.slice(cosigner.text.lastIndexOf('+') + 1)
    if (time !== undefined) found.set(key, { name: cosigner.name, time })
  }
  return [...found.values()]
}

// C2SP tlog-cosignature, "Ed25519 signed message".
export function cosignedText(time: bigint, noteText: string): string {
  return `cosignature/v1\ntime ${time}\n${noteText}`
}

export function cosignerId(name: string, raw: Buffer): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(COSIGNATURE)).update(raw)
  return hash.digest().subarray(0, ID_BYTES)
}
