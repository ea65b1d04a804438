// `sallyport policy sign`: adds a signature to a bundle, or makes keys to sign with.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { secretOf } from '../../config/secrets.js'
import { GatewayError } from '../../errors.js'
import { algorithmsOf, privateKey } from '../../policies/signing/keys.js'
import { KEY_KINDS, newKeys } from '../../policies/signing/new-keys.js'
import { signedBundle } from '../../policies/signing/sign.js'
import type { Io } from '../io.js'
import { argumentsOf } from './toolbox.js'

export const help = `sallyport policy sign BUNDLE --key KEY --name NAME   add a signature to a bundle
sallyport policy sign --new-key DIR --name NAME     make a pair of keys to sign with

  --key KEY          the private key in PEM form: a path, file:PATH or env:NAME
  --name NAME        the name by which gateways know the key
  --output FILE      where the signed bundle goes (default: BUNDLE itself)
  --scope SCOPE      what it is meant for; verifying asks for the same
  --expires DAYS     after so many days it counts no more
  --new-key DIR      writes DIR/NAME.key.pem, for its owner alone, and DIR/NAME.pub.pem
  --kind KIND        of a new key: ${KEY_KINDS.join(' (default) or ')}

Several people sign one bundle one after the other; a second signature in the same name replaces the
first. OPA verifies the first of them: opa run -b BUNDLE --verification-key NAME.pub.pem
--verification-key-id NAME --signing-alg ES256.
Exit status: 0 signed, 1 the bundle or key cannot be used, 2 wrong usage.
`

const OPTIONS = {
  key: { type: 'string' },
  name: { type: 'string' },
  output: { type: 'string' },
  scope: { type: 'string' },
  expires: { type: 'string' },
  'new-key': { type: 'string' },
  kind: { type: 'string' },
} as const

const DAY_S = 86_400

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const { name, key: reference, scope, expires } = values
  if (name === undefined || name === '') throw new GatewayError('usage', 'whose key? --name NAME')
  if (values['new-key'] !== undefined) return made(values['new-key'], name, values.kind, io)
  const [bundle, ...more] = positionals
  if (bundle === undefined || more.length > 0) throw new GatewayError('usage', 'sign one BUNDLE')
  if (reference === undefined) throw new GatewayError('usage', 'sign with which key? --key KEY')
  const key = privateKey(name, secretOf(referenceOf(reference), around(io)).reveal())
  const signed = await signedBundle(await bytesAt(bundle, io), {
    key,
    ...(scope === undefined ? {} : { scope }),
    ...(expires === undefined ? {} : { expires: Math.floor(Date.now() / 1000) + daysIn(expires) }),
  })
  const output = resolve(io.cwd, values.output ?? bundle)
  await writeFile(`${output}.part`, signed.bytes)
  await rename(`${output}.part`, output)
  const [algorithm = ''] = algorithmsOf(key)
  io.stdout.write(
    `${values.output ?? bundle}: signed by ${name} (${algorithm}); ` +
      `signatures: ${signed.names.join(', ')}\n`,
  )
  return 0
}

async function made(
  directory: string,
  name: string,
  named: string | undefined,
  io: Io,
): Promise<number> {
  const kind = KEY_KINDS.find((one) => one === (named ?? KEY_KINDS[0]))
  if (kind === undefined) {
    throw new GatewayError('usage', `--kind is one of ${KEY_KINDS.join(', ')}, not ${named ?? ''}`)
  }
  const { privateFile, publicFile } = await newKeys(resolve(io.cwd, directory), name, kind)
  io.stdout.write(
    `${privateFile}: the private key; keep it out of Git\n` +
      `${publicFile}: the public key, for policy.signatures.keys of the gateway\n`,
  )
  return 0
}

function referenceOf(text: string): string {
  return /^(env|file):/.test(text) ? text : `file:${text}`
}

function around(io: Io): { readonly env: Io['env']; readonly directory: string } {
  return { env: io.env, directory: io.cwd }
}

async function bytesAt(bundle: string, io: Io): Promise<Buffer> {
  return readFile(resolve(io.cwd, bundle)).catch((cause: unknown) => {
    throw new GatewayError('not_found', `${bundle} cannot be read`, { cause })
  })
}

function daysIn(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text) * DAY_S
  throw new GatewayError('usage', `--expires is a number of days, not ${text}`)
}
