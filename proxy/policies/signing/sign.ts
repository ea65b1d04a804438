// Adds a signature to a bundle: a JSON Web Token over the digests of its files, in the form that OPA
// checks. The first stands where OPA looks for it; others are kept, as long as the files are the same.
import { CompactSign } from 'jose'
import { bundleFiles, SIGNATURES_FILE } from '../../../engine/policy/bundle-files.js'
import { GatewayError } from '../../errors.js'
import { packedBundle } from '../pack.js'
import { differenceOf, signedFiles } from './file-digests.js'
import { algorithmsOf, type PrivateKey } from './keys.js'
import { claimsOf, nameIn, payloadOf, signaturesIn, signaturesText } from './signatures-file.js'

export type Signing = {
  readonly key: PrivateKey
  // What the signature is meant for; whoever verifies must ask for the same.
  readonly scope?: string
  // Seconds since 1970 after which it does not count.
  readonly expires?: number
}

export type SignedBundle = {
  readonly bytes: Buffer
  // Names as the signatures give them, nothing verified.
  readonly names: readonly string[]
}

// A signature in the same name is replaced. Rejects with GatewayError('bundle_signature') where somebody
// has signed other files.
export async function signedBundle(bytes: Uint8Array, signing: Signing): Promise<SignedBundle> {
  const files = new Map(
    await bundleFiles(bytes).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('bundle_invalid', why, { cause })
    }),
  )
  const others = signaturesIn(files).map((token) => {
    const name = nameIn(token) ?? '(no name)'
    const differs = differenceOf(files, claimsOf(name, payloadOf(token)).files)
    if (differs === undefined) return { name, token }
    throw new GatewayError(
      'bundle_signature',
      `“${name}” signed another bundle than this one: ${differs}. Build it again, then sign`,
    )
  })
  const name = signing.key.name
  const own = { name, token: await tokenOf(signedFiles(files), signing) }
  const signatures = others.some((one) => one.name === name)
    ? others.map((one) => (one.name === name ? own : one))
    : [...others, own]
  files.set(SIGNATURES_FILE, Buffer.from(signaturesText(signatures.map(({ token }) => token))))
  return { bytes: await packedBundle(files), names: signatures.map((one) => one.name) }
}

async function tokenOf(files: readonly object[], signing: Signing): Promise<string> {
  const { key, scope, expires } = signing
  const [alg = ''] = algorithmsOf(key)
  const claims = {
    files,
    // OPA before 0.40 looks for the name here.
    keyid: key.name,
    ...(scope === undefined ? {} : { scope }),
    ...(expires === undefined ? {} : { exp: expires }),
  }
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid: key.name, typ: 'JWT' })
    .sign(key.key)
}
