// `sallyport explain-masks`: where the protected values of a text go, how each is masked on its way, and in
// what words the text would run. Nothing runs.
import { GatewayError } from '../errors.js'
import { maskTree, maskTreeText, type MaskTree } from '../policies/explain/mask-tree.js'
import { policyFolder } from '../policies/folder.js'
import { createRehearsing } from '../policies/rehearsal/rehearse.js'
import { situationOf } from '../policies/rehearsal/situation.js'
import { resolve } from 'node:path'
import type { Io } from './io.js'
import { argumentsOf, catalogueFor, formatArgument, policyAt } from './policy/toolbox.js'
import { plainText } from './table.js'

export const help = `sallyport explain-masks SQL --as IDENTITY --target T [--policies DIR]

Shows each protected column that a command uses: what its value passes, where it ends, and how it is masked.
Then the words in which the command would run, where the target has to compute on masked values, or why it
would be refused. The names are those of the DDL in the folder of policies; nothing is sent anywhere.

  SQL                 the command as a client would send it
  --as NAME           who sends it: a name under identities in sallyport-policy.yaml
  --target NAME       where to: a name under targets
  --policies DIR      the folder of policies (default: the current one)
  --bundle FILE       a bundle in place of the folder's rules
  --format FORMAT     pretty (default) or json

Exit status: 0 it would be answered, 1 refused, 2 wrong usage.
`

const OPTIONS = {
  as: { type: 'string' },
  target: { type: 'string' },
  policies: { type: 'string' },
  bundle: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [sql, another] = positionals
  const { as, target } = values
  if (sql === undefined || another !== undefined)
    throw new GatewayError('usage', 'give one text of SQL, in quotes')
  if (as === undefined || target === undefined)
    throw new GatewayError('usage', 'say who and where: --as NAME --target NAME')
  const folder = await policyFolder(resolve(io.cwd, values.policies ?? '.'))
  const situation = situationOf(folder.settings, { as, target })
  const { policy } = await policyAt(values.bundle ?? folder, io)
  const catalogue = await catalogueFor(folder, target, policy, io)
  const rehearsing = await createRehearsing()
  const { statements, syntaxError } = await rehearsing.run(sql, catalogue, situation, policy)
  if (syntaxError !== undefined)
    throw new GatewayError('usage', `at character ${syntaxError.position}: ${syntaxError.message}`)
  const trees = statements.map(maskTree)
  io.stdout.write(
    format === 'json' ? `${JSON.stringify(trees, null, 2)}\n` : trees.map(treeText).join('\n'),
  )
  return trees.some(({ answered }) => answered === 'refused') ? 1 : 0
}

function treeText(tree: MaskTree): string {
  return maskTreeText(tree)
    .split('\n')
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${plainText(line)}\n`)
    .join('')
}
