// Bundles and keys for tests of signatures: small files, real keys, tokens by hand.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'
import { bundleFiles } from '../../../../engine/policy/bundle-files.js'
import { packedBundle } from '../../../../proxy/policies/pack.js'
import { signedFiles } from '../../../../proxy/policies/signing/file-digests.js'
import {
  algorithmsOf,
  type PrivateKey,
  type PublicKey,
} from '../../../../proxy/policies/signing/keys.js'

export const FILES: ReadonlyMap<string, Buffer> = new Map([
  ['.manifest', Buffer.from('{"revision": "abc", "roots": [""]}')],
  ['data.json', Buffer.from('{"b": [1.0, 2e3, "ä<>&\\u2028"], "a": {"x": null, "w": true}}')],
  ['policy.wasm', Buffer.from([0, 97, 115, 109])],
  ['policies/a.rego', Buffer.from('package a\n')],
])

export type Pair = { readonly own: PrivateKey; readonly shown: PublicKey }

export function pairOf(name: string, kind: 'P-256' | 'Ed25519' | 'RSA' = 'P-256'): Pair {
  const { privateKey } =
    kind === 'P-256'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : kind === 'RSA'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519')
  return { own: { name, key: privateKey }, shown: { name, key: createPublicKey(privateKey) } }
}

export const pem = (key: KeyObject): string =>
  String(
    key.type === 'private'
      ? key.export({ type: 'pkcs8', format: 'pem' })
      : key.export({ type: 'spki', format: 'pem' }),
  )

// A token with whatever header and claims; by default as we make them.
export async function tokenBy(
  { name, key }: PrivateKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const alg = algorithmsOf({ name, key })[0] ?? ''
  const payload = { files: signedFiles(FILES), ...claims }
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg, kid: name, ...header })
    .sign(key)
}

export async function bundleWith(
  signatures: unknown,
  files: ReadonlyMap<string, Buffer> = FILES,
): Promise<Buffer> {
  const text = Buffer.from(JSON.stringify(signatures))
  return packedBundle(new Map([...files, ['.signatures.json', text] as const]))
}

export async function changed(
  bytes: Uint8Array,
  change: (files: Map<string, Buffer>) => void,
): Promise<Buffer> {
  const files = new Map(await bundleFiles(bytes))
  change(files)
  return packedBundle(files)
}
