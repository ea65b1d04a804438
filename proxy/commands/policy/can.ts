// `sallyport policy can`: what an identity can do, needs an approval for, and never can.
import { GatewayError } from '../../errors.js'
import { canDo } from '../../policies/can/can.js'
import { canText } from '../../policies/can/can-text.js'
import { bundleData } from '../../policies/explain/bundle-sources.js'
import { situationOf } from '../../policies/rehearsal/situation.js'
import type { Io } from '../io.js'
import { paintFor } from '../table.js'
import { argumentsOf, catalogueFor, folderArgument, formatArgument, policyAt } from './toolbox.js'

export const help = `sallyport policy can IDENTITY [DIR] [--target T]

Says what an identity can do under a policy: each operation on each object of the catalogue and each kind of
thing, decided by the enforced policy, and merged to about a page. Below a row stands in which circumstances
it comes out otherwise: at other hours, in other environments.

  IDENTITY            a name under identities in sallyport-policy.yaml
  DIR                 the folder of policies (default: the current one)
  --target NAME       a name under targets (default: all of them)
  --bundle FILE       a bundle in place of the folder's policies
  --groups A,B        groups in place of those in the settings
  --format FORMAT     pretty (default) or json

Exit status: 0 said, 1 it could not be, 2 wrong usage.
`

const OPTIONS = {
  target: { type: 'string' },
  bundle: { type: 'string' },
  groups: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [as, ...rest] = positionals
  if (as === undefined) throw new GatewayError('usage', 'name an identity of sallyport-policy.yaml')
  const folder = await folderArgument(rest, io)
  const { settings } = folder
  const known = Object.keys(settings.targets ?? {})
  const targets = values.target === undefined ? known : [values.target]
  if (targets.length === 0) {
    throw new GatewayError('usage', 'there are no targets in sallyport-policy.yaml')
  }
  const groups = values.groups === undefined ? {} : { groups: values.groups.split(',') }
  const situations = targets.map((target) => situationOf(settings, { as, target, ...groups }))
  const { policy, bytes } = await policyAt(values.bundle ?? folder, io)
  const labels = Object.values(settings.targets ?? {}).flatMap((one) => one.labels?.['env'] ?? [])
  const environments = [...new Set([...labels, ...(await unprotected(bytes))])].sort()
  const found = []
  for (const situation of situations) {
    const catalogue = await catalogueFor(folder, situation.target.name, policy, io)
    found.push(await canDo({ policy, catalogue, situation, environments }))
  }
  if (format === 'json') io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else io.stdout.write(found.map((one) => canText(one, paintFor(io))).join('\n'))
  return 0
}

// What the shipped data calls not production.
async function unprotected(bytes: Uint8Array): Promise<readonly string[]> {
  const data = await bundleData(bytes, ['environments', 'unprotected'])
  return Array.isArray(data) ? data.filter((one) => typeof one === 'string') : []
}
