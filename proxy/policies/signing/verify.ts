// Who signed a bundle, checked before it may decide: OPA’s `.signatures.json`, and more than one
// signature where the gateway asks for several. Only keys of the configuration count, each once, and
// each must have signed exactly the files that are there.
import { compactVerify } from 'jose'
import {
  bundleFiles,
  contentDigestOf,
  type BundleFiles,
} from '../../../engine/policy/bundle-files.js'
import { GatewayError } from '../../errors.js'
import { algorithmsOf, thumbprintOf, type PublicKey } from './keys.js'
import { differenceOf } from './file-digests.js'
import { claimsOf, nameIn, signaturesIn, type Claims } from './signatures-file.js'

export type SignatureRequirement = {
  // That many of the keys must have signed.
  readonly required: number
  readonly keys: readonly PublicKey[]
  // What the signatures must be meant for, where the configuration says so.
  readonly scope?: string
}

export type VerifiedBundle = {
  readonly bytes: Uint8Array
  // Names of the keys that signed, in the order of the signatures.
  readonly signers: readonly string[]
  // The same whoever has signed.
  readonly contentDigest: string
}

// Rejects with GatewayError('bundle_signature') where too few signed, or any signature in the name of a
// known key is wrong; with 'bundle_invalid' where the bytes are no bundle.
export async function verifiedBundle(
  bytes: Uint8Array,
  requirement: SignatureRequirement,
  nowMs: number = Date.now(),
): Promise<VerifiedBundle> {
  const files = await bundleFiles(bytes).catch((cause: unknown) => {
    throw new GatewayError('bundle_invalid', reasonOf(cause), { cause })
  })
  const { signers, strangers } = await signersOf(files, requirement, nowMs)
  if (signers.length < requirement.required) throw tooFew(requirement, signers, strangers)
  return { bytes, signers, contentDigest: contentDigestOf(files) }
}

type Signers = { readonly signers: readonly string[]; readonly strangers: readonly string[] }

async function signersOf(
  files: BundleFiles,
  { keys, scope }: SignatureRequirement,
  nowMs: number,
): Promise<Signers> {
  // By the key itself: one that is configured under two names is still one.
  const signers = new Map<string, string>()
  const strangers: string[] = []
  for (const token of signaturesIn(files)) {
    const named = nameIn(token)
    const key = await keyFor(token, named, keys)
    if (key === undefined) {
      strangers.push(named ?? '(no name)')
      continue
    }
    const { name } = key
    const claims = await verified(token, key)
    const wrong = claimsProblem(claims, scope ?? '', nowMs) ?? differenceOf(files, claims.files)
    if (wrong !== undefined) throw refused(`the signature of “${name}” does not hold: ${wrong}`)
    const print = thumbprintOf(key)
    if (!signers.has(print)) signers.set(print, name)
  }
  return { signers: [...signers.values()], strangers }
}

// A name is a hint: where a signature has none, the key that it was made with is looked for.
async function keyFor(
  token: string,
  named: string | undefined,
  keys: readonly PublicKey[],
): Promise<PublicKey | undefined> {
  if (named !== undefined) return keys.find(({ name }) => name === named)
  for (const key of keys) {
    const fits = await verified(token, key).then(
      () => true,
      () => false,
    )
    if (fits) return key
  }
  return undefined
}

// Which algorithms are possible follows from our key, never from what the signature says.
async function verified(token: string, key: PublicKey): Promise<Claims> {
  try {
    const { payload } = await compactVerify(token, key.key, {
      algorithms: [...algorithmsOf(key)],
    })
    return claimsOf(key.name, Buffer.from(payload))
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw refused(
      `the signature of “${key.name}” was not made with its key (${reasonOf(cause)}): ` +
        'sign the bundle again, or configure the public key that belongs to that name',
      cause,
    )
  }
}

function claimsProblem(claims: Claims, scope: string, nowMs: number): string | undefined {
  if (claims.scope !== scope) {
    return `it is for the scope “${claims.scope}”, and “${scope}” is configured`
  }
  if (claims.expires !== undefined && claims.expires * 1000 <= nowMs) {
    return `it ended at ${new Date(claims.expires * 1000).toISOString()}; sign the bundle again`
  }
  if (claims.notBefore !== undefined && claims.notBefore * 1000 > nowMs) {
    return `it begins at ${new Date(claims.notBefore * 1000).toISOString()}`
  }
  return undefined
}

function tooFew(
  { required, keys }: SignatureRequirement,
  signers: readonly string[],
  strangers: readonly string[],
): GatewayError {
  const by = signers.length === 0 ? 'nobody' : `${signers.length} (${signers.join(', ')})`
  const others =
    strangers.length === 0 ? '' : `; signatures of ${strangers.join(', ')} do not count`
  const names = keys.map(({ name }) => name).join(', ')
  return refused(
    `the bundle is signed by ${by} of those configured, and ${required} must: ${names}${others}. ` +
      'Add one with sallyport policy sign --key FILE --name NAME',
  )
}

function refused(why: string, cause?: unknown): GatewayError {
  return new GatewayError('bundle_signature', why, cause === undefined ? {} : { cause })
}

function reasonOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem)
}
