// `sallyport policy verify`: what a gateway would say of a bundle, before it is handed to one: who signed
// it, and whether it can decide.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { settingsFrom } from '../../config/read-config.js'
import { GatewayError } from '../../errors.js'
import {
  signatureRequirement,
  type RequirementSettings,
} from '../../policies/signing/requirement.js'
import { verifiedBundle } from '../../policies/signing/verify.js'
import type { Io } from '../io.js'
import { argumentsOf, formatArgument, policyAt } from './toolbox.js'

export const help = `sallyport policy verify BUNDLE --key NAME=FILE …   who signed a bundle, and can it decide?
sallyport policy verify BUNDLE --config FILE      by the keys of a gateway's configuration

  --key NAME=FILE    a public key in PEM form and the name that it signs under; several times
  --required N       how many of the keys must have signed (default: all of them)
  --scope SCOPE      what the signatures must be meant for
  --config FILE      take all three from policy.signatures of a configuration
  --format FORMAT    pretty (default) or json

Every signature in the name of a known key must hold, over exactly the files that are there; one key
counts once. Exit status: 0 good, 1 refused (and why), 2 wrong usage.
`

const OPTIONS = {
  key: { type: 'string', multiple: true },
  required: { type: 'string' },
  scope: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [bundle, ...more] = positionals
  if (bundle === undefined || more.length > 0) throw new GatewayError('usage', 'verify one BUNDLE')
  const settings =
    values.config === undefined ? requirementIn(values, io) : requirementOf(values.config, io)
  const bytes = await readFile(resolve(io.cwd, bundle)).catch((cause: unknown) => {
    throw new GatewayError('not_found', `${bundle} cannot be read`, { cause })
  })
  const requirement = await signatureRequirement(settings)
  const { signers, contentDigest } = await verifiedBundle(bytes, requirement)
  const { policy } = await policyAt(bundle, io)
  const { revision, digest } = policy
  const found = { bundle, revision, digest, contentDigest, signers, required: settings.required }
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else {
    io.stdout.write(
      `${bundle}: good\n  signed by ${signers.join(', ')} (${settings.required} required)\n` +
        `  revision  ${revision === '' ? 'none' : revision}\n  digest    ${digest}\n`,
    )
  }
  return 0
}

function requirementIn(
  values: { readonly key?: string[]; readonly required?: string; readonly scope?: string },
  io: Io,
): RequirementSettings {
  const keys = (values.key ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new GatewayError('usage', `--key is NAME=FILE, not ${text}`)
    const file = text.slice(at + 1).replace(/^file:/, '')
    return { name: text.slice(0, at), file: resolve(io.cwd, file) }
  })
  if (keys.length === 0) {
    throw new GatewayError('usage', 'verify with which keys? --key NAME=FILE, or --config FILE')
  }
  const required = values.required ?? String(keys.length)
  if (!/^[1-9]\d?$/.test(required)) {
    throw new GatewayError('usage', `--required is a number of keys, not ${required}`)
  }
  return { required: Number(required), keys, scope: values.scope }
}

function requirementOf(file: string, io: Io): RequirementSettings {
  const { signatures } = settingsFrom(resolve(io.cwd, file), io.env).policy
  if (signatures !== undefined) return signatures
  throw new GatewayError('config_invalid', `${file} has no policy.signatures: it asks for none`)
}
