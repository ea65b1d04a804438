// `sallyport policy build`: a folder of policies becomes one file that gateways and OPA can use, and that
// anybody can build again from the same commit, byte for byte.
import { rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DEFAULTS } from '../../config/defaults.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Io } from '../io.js'
import { argumentsOf, folderArgument, formatArgument, policyAt } from './toolbox.js'

export const help = `sallyport policy build [DIR]   make a bundle of a folder of policies

  --output FILE      default: bundle.tar.gz, in the current folder
  --format FORMAT    pretty (default) or json

The bundle holds the Wasm that decides, the rules as they were written, all data as one document, the Git
commit and an index of the rules. The same commit gives the same bytes on every machine with the
same OPA. Where files differ from the commit, or are not in Git, its revision ends in -dirty.
Exit status: 0 built, 1 something is wrong with the policies (and where), 2 wrong usage.
`

const OPTIONS = { output: { type: 'string' }, format: { type: 'string' } } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const folder = await folderArgument(positionals, io)
  const { policy, bytes } = await policyAt(folder, io)
  const output = values.output ?? 'bundle.tar.gz'
  const path = resolve(io.cwd, output)
  // A gateway may be watching it.
  await writeFile(`${path}.part`, bytes)
  await rename(`${path}.part`, path)
  const built = builtOf(output, policy, bytes.length, folder.settings.fuel ?? DEFAULTS.fuel)
  io.stdout.write(format === 'json' ? `${JSON.stringify(built)}\n` : prettyText(built))
  return 0
}

type Built = {
  readonly bundle: string
  readonly revision: string
  readonly digest: string
  readonly wasmDigest: string
  readonly bytes: number
  readonly rules: Readonly<Record<string, number>>
  readonly labels: number
  // Of the costliest of the plainest cases, and what a decision may take.
  readonly fuel: { readonly used: number; readonly budget: number }
}

function builtOf(bundle: string, policy: Policy, bytes: number, budget: number): Built {
  const rules: Record<string, number> = {}
  for (const { family } of policy.rules ?? []) rules[family] = (rules[family] ?? 0) + 1
  const { revision, digest, wasmDigest, labels, smokeFuel = 0 } = policy
  const fuel = { used: smokeFuel, budget }
  return { bundle, revision, digest, wasmDigest, bytes, rules, labels: labels.length, fuel }
}

function prettyText({ bundle, revision, digest, bytes, rules, labels, fuel }: Built): string {
  const families = Object.entries(rules).map(([family, count]) => `${count} ${family}`)
  return [
    `${bundle}  ${bytes} bytes`,
    `  revision  ${revision === '' ? 'none: not in Git, or Git may not read it' : revision}`,
    `  digest    ${digest}`,
    `  rules     ${families.length === 0 ? 'none with an id' : families.join(', ')}`,
    `  labels    ${labels} patterns of columns`,
    `  fuel      ${fuel.used} of ${fuel.budget} for the plainest command`,
    '',
  ].join('\n')
}
