// Checkpoints of the record: how many lines there were and the root of the tree over them, signed with
// Ed25519 in the forms of C2SP signed-note and tlog-checkpoint, so that witnesses and tools that know
// those can read them.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { sign as signBytes, verify as verifyBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../errors.js'

// C2SP signed-note, "Signature types": 0x01 is Ed25519.
const ED25519 = 1
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

export type Checkpoint = {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  // C2SP tlog-checkpoint, "Note text": further lines, signed as the others are.
  readonly extensions?: readonly string[]
}

export type Signer = {
  readonly name: string
  // `name+id+key`, what a verifier needs to know.
  readonly verifierKey: string
  readonly signed: (checkpoint: Checkpoint) => string
  // The line that goes under a note whose text this is.
  readonly signatureLine: (text: string) => string
}

export type Verifier = {
  readonly name: string
  readonly verifies: (note: SignedNote) => boolean
}

export type SignedNote = {
  readonly checkpoint: Checkpoint
  // The signed text, its last newline included.
  readonly text: string
  readonly signatures: readonly { readonly name: string; readonly bytes: Buffer }[]
}

export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function signerOf(pem: string, name?: string): Signer {
  const key = privateKeyOf(pem)
  const raw = rawPublicKey(createPublicKey(key))
  const own =
    name ?? `sallyport-record-${createHash('sha256').update(raw).digest('hex').slice(0, 8)}`
  const id = keyId(own, raw)
  const signatureLine = (text: string): string => {
    const signature = Buffer.concat([id, signBytes(null, Buffer.from(text), key)])
    return `— ${own} ${signature.toString('base64')}\n`
  }
  return {
    name: own,
    verifierKey: `${own}+${id.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`,
    signed(checkpoint) {
      const text = checkpointText(checkpoint)
      return `${text}\n${signatureLine(text)}`
    },
    signatureLine,
  }
}

export function verifierOf(verifierKey: string): Verifier {
  // C2SP signed-note, "Verifier keys". Base64 may hold `+` as well: only the first two part.
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(verifierKey.trim()) ?? []
  const bytes = Buffer.from(encoded ?? '', 'base64')
  const raw = bytes.subarray(1)
  if (name === undefined || bytes[0] !== ED25519 || raw.length !== KEY_BYTES) {
    throw new GatewayError('record_damaged', 'the public key is not an Ed25519 verifier key')
  }
  const own = keyId(name, raw)
  if (own.toString('hex') !== id) {
    throw new GatewayError('record_damaged', 'the public key does not fit its own key id')
  }
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
  })
  return {
    name,
    verifies: (note) =>
      note.signatures.some(
        (signature) =>
          signature.name === name &&
          signature.bytes.length === 4 + SIGNATURE_BYTES &&
          signature.bytes.subarray(0, 4).equals(own) &&
          verifyBytes(null, Buffer.from(note.text), key, signature.bytes.subarray(4)),
      ),
  }
}

// One note; undefined where the text is none.
export function readNote(text: string): SignedNote | undefined {
  const split = text.lastIndexOf('\n\n')
  if (split < 0 || !text.endsWith('\n')) return undefined
  const body = text.slice(0, split + 1)
  const [origin, size, root, ...extensions] = body.slice(0, -1).split('\n')
  // C2SP tlog-checkpoint, "Note text": decimal without leading zeros, then the root in base64.
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? '')) return undefined
  const bytes = Buffer.from(root ?? '', 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== root) return undefined
  const signatures = []
  for (const line of text.slice(split + 2, -1).split('\n')) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
    if (name === undefined || encoded === undefined) return undefined
    signatures.push({ name, bytes: Buffer.from(encoded, 'base64') })
  }
  const more = extensions.length === 0 ? {} : { extensions }
  return {
    checkpoint: { origin, size: Number(size), root: bytes, ...more },
    text: body,
    signatures,
  }
}

export type PlacedNote = {
  readonly note: SignedNote | undefined
  // In UTF-16 units of the text.
  readonly length: number
  // False for a last note that a crash cut short: what is no note and not cut was never one of ours.
  readonly whole: boolean
}

// A file of checkpoints holds notes, each followed by an empty line. What is no note is undefined.
export function* notesOf(file: string): Generator<PlacedNote> {
  const pattern = /(?:[^\n]+\n)+\n(?:— [^\n]*\n)+\n/y
  for (let at = 0; at < file.length; at = pattern.lastIndex) {
    pattern.lastIndex = at
    const [found] = pattern.exec(file) ?? []
    if (found === undefined) {
      // Something that ends as notes do is in it.
      const whole = /\n— [^\n]*\n\n/.test(file.slice(at))
      yield { note: undefined, length: file.length - at, whole }
      return
    }
    yield { note: readNote(found.slice(0, -1)), length: found.length, whole: true }
  }
}

export function checkpointText({ origin, size, root, extensions = [] }: Checkpoint): string {
  return [origin, String(size), root.toString('base64'), ...extensions, ''].join('\n')
}

function keyId(name: string, raw: Buffer): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(raw)
  return hash.digest().subarray(0, 4)
}

function privateKeyOf(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (cause) {
    throw new GatewayError('secret_unavailable', 'the record’s signing key cannot be read', {
      cause,
    })
  }
  throw new GatewayError('secret_unavailable', 'the record’s signing key is not an Ed25519 key')
}

function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
