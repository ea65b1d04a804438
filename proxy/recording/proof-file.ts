// A consistency proof as a file that stands alone: both checkpoints as they were signed, and the path
// between them. Read with no trust in a single byte of it.
import { contradiction } from './consistency-proof.js'
import { fromBase64 } from './inclusion-proof.js'
import { isConsistent } from './proof-check.js'
import { readNote } from './signed-note.js'
import type { SignedNote } from './signed-note.js'
import { signerAmong } from './trusted-keys.js'
import type { TrustedKey } from './trusted-keys.js'

const HASH_BYTES = 32

export type ConsistencyFile = {
  readonly first: string
  readonly second: string
  readonly path: readonly string[]
}

export type FileCheck =
  | { readonly ok: true; readonly first: SignedNote; readonly second: SignedNote }
  | { readonly ok: false; readonly what: string }

export function checkedConsistency(bytes: Buffer, keys: readonly TrustedKey[]): FileCheck {
  const wrong = (what: string): FileCheck => ({ ok: false, what })
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return wrong('it is not JSON')
  }
  if (typeof value !== 'object' || value === null) return wrong('it is no proof')
  const { first, second, path } = value as Readonly<Record<string, unknown>>
  if (!Array.isArray(path)) return wrong('it holds no path')
  const nodes: Buffer[] = []
  for (const node of path as readonly unknown[]) {
    const hash = fromBase64(node, HASH_BYTES)
    if (hash === undefined) return wrong('its path holds what is no hash')
    nodes.push(hash)
  }
  const [a, b] = [noteAmong(first, keys), noteAmong(second, keys)]
  if (typeof a === 'string') return wrong(`its first checkpoint ${a}`)
  if (typeof b === 'string') return wrong(`its second checkpoint ${b}`)
  const what = contradiction(a.checkpoint, b.checkpoint)
  if (what !== undefined) return wrong(what)
  return isConsistent(a.checkpoint, b.checkpoint, nodes)
    ? { ok: true, first: a, second: b }
    : wrong('the second does not extend the first, as far as its path shows')
}

function noteAmong(text: unknown, keys: readonly TrustedKey[]): SignedNote | string {
  const note = typeof text === 'string' ? readNote(text) : undefined
  if (note === undefined) return 'is none'
  return signerAmong(keys, note) === undefined ? 'is not signed by a key that is trusted' : note
}
