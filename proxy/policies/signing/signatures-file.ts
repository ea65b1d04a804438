// `.signatures.json` as OPA defines it: JSON Web Tokens whose payload lists the files with their digests.
// OPA reads exactly one, in `signatures`; further ones stand in a member of ours beside it, which OPA
// passes over, so that each OPA can still check the first.
import { SIGNATURES_FILE, type BundleFiles } from '../../../engine/policy/bundle-files.js'
import { GatewayError } from '../../errors.js'

export type SignedFile = {
  readonly name: string
  readonly hash: string
  readonly algorithm: string
}

export type Claims = {
  readonly files: readonly SignedFile[]
  readonly scope: string
  // Seconds since 1970.
  readonly expires: number | undefined
  readonly notBefore: number | undefined
}

const MORE = 'sallyport_signatures'
const SIGNATURES_MAX = 32
const NAME_CHARACTERS_MAX = 200

// The tokens in their order; none where the bundle is not signed.
export function signaturesIn(files: BundleFiles): readonly string[] {
  const bytes = files.get(SIGNATURES_FILE)
  if (bytes === undefined) return []
  const found = objectIn(bytes.toString('utf8'), SIGNATURES_FILE)
  const plugin = found['plugin'] ?? ''
  // The second is what `opa build` writes for its own form.
  if (plugin !== '' && plugin !== '_default') {
    throw refused(`${SIGNATURES_FILE} asks for a plugin; only OPA’s own form can be checked`)
  }
  const tokens = [found['signatures'], found[MORE]].flatMap((list) => {
    if (list === undefined) return []
    if (Array.isArray(list) && list.every((token) => typeof token === 'string')) return list
    throw refused(`${SIGNATURES_FILE} holds something else than a list of signatures`)
  })
  if (tokens.length > SIGNATURES_MAX) throw refused(`more than ${SIGNATURES_MAX} signatures`)
  return tokens
}

export function signaturesText(tokens: readonly string[]): string {
  const [first, ...more] = tokens
  const text = { signatures: first === undefined ? [] : [first] }
  return `${JSON.stringify(more.length === 0 ? text : { ...text, [MORE]: more }, null, 1)}\n`
}

// The key that a token names, in its header or (as older OPAs do) in its claims; `opa sign` may name none.
// Nothing is checked yet.
export function nameIn(token: string): string | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) throw refused('a signature is no JSON Web Token of three parts')
  const [header = '', payload = ''] = parts
  const kid = objectIn(decoded(header), 'the header of a signature')['kid']
  const keyid = objectIn(decoded(payload), 'the payload of a signature')['keyid']
  if (kid !== undefined && keyid !== undefined && kid !== keyid) {
    throw refused('a signature names one key in its header and another in its claims')
  }
  const name = kid ?? keyid
  if (name === undefined) return undefined
  if (typeof name !== 'string' || name === '' || name.length > NAME_CHARACTERS_MAX) {
    throw refused('a signature names its key by something else than a short text')
  }
  return printable(name)
}

// Of a payload, whoever signed it.
export function claimsOf(name: string, payload: Buffer): Claims {
  const found = objectIn(payload.toString('utf8'), `the payload of the signature of “${name}”`)
  const { files, scope, exp, nbf } = found
  if (!Array.isArray(files) || !files.every(isSignedFile)) {
    throw refused(`the signature of “${name}” does not list files with name, hash and algorithm`)
  }
  if (scope !== undefined && typeof scope !== 'string') {
    throw refused(`the signature of “${name}” has a scope that is no text`)
  }
  return {
    files,
    scope: scope ?? '',
    expires: secondsIn(exp, name),
    notBefore: secondsIn(nbf, name),
  }
}

export function payloadOf(token: string): Buffer {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url')
}

function secondsIn(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= 0 && value < 1e11) return value
  throw refused(`the signature of “${name}” has a time that is none`)
}

function isSignedFile(file: unknown): file is SignedFile {
  if (typeof file !== 'object' || file === null) return false
  const { name, hash, algorithm } = file as Record<string, unknown>
  return typeof name === 'string' && typeof hash === 'string' && typeof algorithm === 'string'
}

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString('utf8')
}

function objectIn(text: string, what: string): Record<string, unknown> {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('bundle_signature', `${what} is no JSON`, { cause })
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
    return found as Record<string, unknown>
  }
  throw refused(`${what} is no JSON object`)
}

// Names come from strangers and stand in logs and on terminals.
function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?')
}

function refused(why: string): GatewayError {
  return new GatewayError('bundle_signature', why)
}
