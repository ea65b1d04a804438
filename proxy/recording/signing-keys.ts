// The key that signs a record, and what happens when it is another than before: the record says so in a
// line, and the next checkpoint, which covers that line, names the new key and is signed by both, so that
// who trusts the old key has its word for the new one. The record's name stays that of its first key.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { PRIVATE_KEY_FILE, PUBLIC_KEY_FILE } from './segment.js'
import { checkpointText, newSigningKey, signerOf, verifierOf } from './signed-note.js'
import type { SignedNote, Signer } from './signed-note.js'

export type SigningKeys = {
  readonly signer: Pick<Signer, 'name' | 'signed'>
  // Absent where the key is the one of the last checkpoint, or the first.
  readonly rotation?: Rotation
  // To be called with every note that is on the disk.
  readonly kept: (note: string) => void
}

// `proven`: the old key was at hand, and vouches for the new one.
export type Rotation = { readonly from: string; readonly to: string; readonly proven: boolean }

const ANNOUNCEMENT = 'next-key '
const PEM_BLOCK = /-----BEGIN [^-\n]+-----[^-]+-----END [^-\n]+-----/g

// `pem`: the key that signs, then those that it takes over from; otherwise the record's own.
export function signingKeys(
  directory: string,
  pem: string | undefined,
  last: SignedNote | undefined,
): SigningKeys {
  const blocks = pem?.match(PEM_BLOCK) ?? []
  const name = last?.checkpoint.origin
  const signer = signerOf(blocks[0] ?? pem ?? ownKey(directory), name)
  const known = addedTo(directory, signer.verifierKey)
  const current = last === undefined ? undefined : keyAfter(last, known)
  if (last === undefined || current === signer.verifierKey) {
    return { signer, kept: () => undefined }
  }
  const old = earlierSigners(directory, blocks.slice(1), name).find(
    ({ verifierKey }) => verifierKey === current,
  )
  const rotation = {
    from: current ?? 'a key that is not known',
    to: signer.verifierKey,
    proven: old !== undefined,
  }
  if (old === undefined) return { signer, rotation, kept: () => undefined }
  let announced = false
  return {
    rotation,
    signer: {
      name: signer.name,
      signed(checkpoint) {
        if (announced) return signer.signed(checkpoint)
        const extensions = [`${ANNOUNCEMENT}${signer.verifierKey}`]
        const text = checkpointText({ ...checkpoint, extensions })
        return `${text}\n${old.signatureLine(text)}${signer.signatureLine(text)}`
      },
    },
    kept: () => {
      announced = true
    },
  }
}

// The key that a checkpoint hands over to, in the words of whoever signed it.
export function announcedKey({ checkpoint }: SignedNote): string | undefined {
  return checkpoint.extensions
    ?.find((line) => line.startsWith(ANNOUNCEMENT))
    ?.slice(ANNOUNCEMENT.length)
}

// Which key signs what comes after this note.
function keyAfter(note: SignedNote, known: readonly string[]): string | undefined {
  return announcedKey(note) ?? known.find((key) => verifierOf(key).verifies(note))
}

// The keys beside the record for whoever verifies it, one a line, oldest first.
function addedTo(directory: string, key: string): readonly string[] {
  const path = join(directory, PUBLIC_KEY_FILE)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const known = text.split('\n').filter((line) => line.trim() !== '')
  if (known.includes(key)) return known
  writeFileSync(path, `${key}\n`, { flag: 'a' })
  return [...known, key]
}

// The record's own key may be the one that a configured key takes over from.
function earlierSigners(
  directory: string,
  blocks: readonly string[],
  name: string | undefined,
): readonly Signer[] {
  const path = join(directory, PRIVATE_KEY_FILE)
  const own = existsSync(path) ? [readFileSync(path, 'utf8')] : []
  return [...blocks, ...own].map((block) => signerOf(block, name))
}

function ownKey(directory: string): string {
  const path = join(directory, PRIVATE_KEY_FILE)
  try {
    return readFileSync(path, 'utf8')
  } catch (problem) {
    if (!(problem instanceof Error && 'code' in problem && problem.code === 'ENOENT')) {
      throw new GatewayError('secret_unavailable', `the signing key ${path} cannot be read`, {
        cause: problem,
      })
    }
  }
  const pem = newSigningKey()
  writeFileSync(path, pem, { flag: 'wx', mode: 0o600 })
  return pem
}
