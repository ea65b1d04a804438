// A new pair of keys for signing bundles: the private one for its owner’s eyes alone, the public one for
// the gateway’s configuration. Files that exist are never written over.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../../errors.js'

export const KEY_KINDS = ['ES256', 'EdDSA'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

export type NewKeys = { readonly privateFile: string; readonly publicFile: string }

export async function newKeys(directory: string, name: string, kind: KeyKind): Promise<NewKeys> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw new GatewayError('usage', `“${name}” is no name of a key: letters, digits, . _ - are`)
  }
  const { privateKey, publicKey } = madePair(kind)
  const pair = {
    privateFile: join(directory, `${name}.key.pem`),
    publicFile: join(directory, `${name}.pub.pem`),
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await written(pair.privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600)
  await written(pair.publicFile, publicKey.export({ type: 'spki', format: 'pem' }), 0o644)
  return pair
}

function madePair(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
}

async function written(path: string, pem: string | Buffer, mode: number): Promise<void> {
  try {
    await writeFile(path, pem, { flag: 'wx', mode })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const why = exists ? 'is there already: choose another --name' : 'cannot be written'
    throw new GatewayError('conflict', `${path} ${why}`, { cause })
  }
}
