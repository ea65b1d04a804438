// `sallyport policy verify`: what a gateway would say of a bundle, before it is handed to one: who signed
// it, and whether it can decide.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { DEFAULTS } from '../../config/defaults.js'
import { settingsFrom } from '../../config/read-config.js'
import { GatewayError } from '../../errors.js'
import {
  signatureRequirement,
  type RequirementSettings,
} from '../../policies/signing/requirement.js'
import { differencesFrom } from '../../policies/signing/made-again.js'
import { verifiedBundle } from '../../policies/signing/verify.js'
import type { Io } from '../io.js'
import { argumentsOf, formatArgument, opaFor } from './toolbox.js'

export const help = `sallyport policy verify BUNDLE --key NAME=FILE …   who signed a bundle, and can it decide?
sallyport policy verify BUNDLE --config FILE      by the keys of a gateway's configuration
sallyport policy verify BUNDLE --source DIR       is it what this folder of policies makes?

  --key NAME=FILE    a public key in PEM form and the name that it signs under; several times
  --required N       how many of the keys must have signed (default: all of them)
  --scope SCOPE      what the signatures must be meant for
  --config FILE      take all three from policy.signatures of a configuration
  --source DIR       build DIR and compare, file by file: before you add your signature
  --format FORMAT    pretty (default) or json

Every signature in the name of a known key must hold, over exactly the files that are there; one key
counts once. --source may stand beside keys, or alone.
Exit status: 0 good, 1 refused (and why), 2 wrong usage.
`

const OPTIONS = {
  key: { type: 'string', multiple: true },
  required: { type: 'string' },
  scope: { type: 'string' },
  config: { type: 'string' },
  source: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [bundle, ...more] = positionals
  if (bundle === undefined || more.length > 0) throw new GatewayError('usage', 'verify one BUNDLE')
  const settings = requirementOf(values, io)
  const bytes = await readFile(resolve(io.cwd, bundle)).catch((cause: unknown) => {
    throw new GatewayError('not_found', `${bundle} cannot be read`, { cause })
  })
  const signers = settings === undefined ? undefined : await signersOf(bytes, settings)
  const { revision, digest, contentDigest } = await policyIn(bytes)
  if (values.source !== undefined) await compare(bytes, values.source, io)
  const signed = settings === undefined ? {} : { signers, required: settings.required }
  const made = values.source === undefined ? {} : { source: values.source }
  const found = { bundle, revision, digest, contentDigest, ...signed, ...made }
  io.stdout.write(format === 'json' ? `${JSON.stringify(found)}\n` : prettyText(found))
  return 0
}

type Found = {
  readonly bundle: string
  readonly revision: string
  readonly digest: string
  readonly contentDigest?: string | undefined
  readonly signers?: readonly string[] | undefined
  readonly required?: number
  readonly source?: string
}

function prettyText(found: Found): string {
  const { bundle, revision, digest, contentDigest = digest, signers, required, source } = found
  const by =
    signers === undefined
      ? '(not looked at: no --key, no --config)'
      : `${signers.join(', ')} (${required} required)`
  const made = source === undefined ? '' : `  made of   ${source}, byte for byte\n`
  return (
    `${bundle}: good\n  signed by ${by}\n${made}` +
    `  revision  ${revision === '' ? 'none' : revision}\n  digest    ${digest}\n` +
    // As `policy build` said it, before it was signed.
    (contentDigest === digest ? '' : `  built as  ${contentDigest}\n`)
  )
}

async function signersOf(
  bytes: Uint8Array,
  settings: RequirementSettings,
): Promise<readonly string[]> {
  return (await verifiedBundle(bytes, await signatureRequirement(settings))).signers
}

async function policyIn(bytes: Uint8Array): Promise<Policy> {
  return policyOf(bytes, { id: 1, fuel: DEFAULTS.fuel }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('bundle_invalid', why, { cause })
  })
}

async function compare(bytes: Uint8Array, named: string, io: Io): Promise<void> {
  const folder = resolve(io.cwd, named)
  const differences = await differencesFrom(bytes, { opa: await opaFor(io), folder })
  if (differences.length === 0) return
  throw new GatewayError(
    'bundle_signature',
    `it is not what ${named} makes:\n${differences.map((line) => `  ${line}`).join('\n')}`,
  )
}

type Values = {
  readonly key?: string[]
  readonly required?: string
  readonly scope?: string
  readonly config?: string
  readonly source?: string
}

function requirementOf(values: Values, io: Io): RequirementSettings | undefined {
  if (values.config !== undefined) return configured(values.config, io)
  if (values.key === undefined && values.source !== undefined) return undefined
  return requirementIn(values, io)
}

function requirementIn(values: Values, io: Io): RequirementSettings {
  const keys = (values.key ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new GatewayError('usage', `--key is NAME=FILE, not ${text}`)
    const file = text.slice(at + 1).replace(/^file:/, '')
    return { name: text.slice(0, at), file: resolve(io.cwd, file) }
  })
  if (keys.length === 0) {
    throw new GatewayError(
      'usage',
      'verify with which keys? --key NAME=FILE, --config FILE, or --source DIR',
    )
  }
  const required = values.required ?? String(keys.length)
  if (!/^[1-9]\d?$/.test(required)) {
    throw new GatewayError('usage', `--required is a number of keys, not ${required}`)
  }
  return { required: Number(required), keys, scope: values.scope }
}

function configured(file: string, io: Io): RequirementSettings {
  const { signatures } = settingsFrom(resolve(io.cwd, file), io.env).policy
  if (signatures !== undefined) return signatures
  throw new GatewayError('config_invalid', `${file} has no policy.signatures: it asks for none`)
}
