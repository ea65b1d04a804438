// What the configuration asks of signatures, with the keys read: found wanting before a bundle comes
// rather than when it does.
import { readFile } from 'node:fs/promises'
import { GatewayError } from '../../errors.js'
import { publicKey, thumbprintOf } from './keys.js'
import type { SignatureRequirement } from './verify.js'

export type RequirementSettings = {
  readonly required: number
  // Paths of PEM files with public keys.
  readonly keys: readonly { readonly name: string; readonly file: string }[]
  readonly scope: string | undefined
}

// Rejects with GatewayError('bundle_signature') where a key cannot be used, or where there are fewer
// different keys than must sign.
export async function signatureRequirement(
  settings: RequirementSettings,
): Promise<SignatureRequirement> {
  const { required, scope } = settings
  const keys = await Promise.all(
    settings.keys.map(async ({ name, file }) => publicKey(name, await pemAt(name, file))),
  )
  const different = new Set(keys.map(thumbprintOf)).size
  if (different < required) {
    throw new GatewayError(
      'bundle_signature',
      `${required} keys must sign, and only ${different} different ones are known: ` +
        keys.map(({ name }) => name).join(', '),
    )
  }
  return { required, keys, ...(scope === undefined ? {} : { scope }) }
}

async function pemAt(name: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('bundle_signature', `the key “${name}” cannot be read at ${file}`, {
      cause,
    })
  })
}
