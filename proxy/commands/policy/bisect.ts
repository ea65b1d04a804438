// `sallyport policy bisect`: which commit first changed the decision of a command.
import { resolve } from 'node:path'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { bisect, type Asked } from '../../policies/backtest/bisect.js'
import {
  folderDiff,
  folderHistory,
  type FolderCommit,
  type FolderHistory,
} from '../../policies/backtest/folder-history.js'
import { folderAt } from '../../policies/backtest/git-folder.js'
import { bisectionText, type TurnShown } from '../../policies/backtest/print-bisection.js'
import { buildBundle } from '../../policies/build.js'
import { factsFile, recordedCommand } from '../../policies/explain/asked-facts.js'
import type { PolicyFolder } from '../../policies/folder.js'
import { createRehearsing } from '../../policies/rehearsal/rehearse.js'
import { situationOf } from '../../policies/rehearsal/situation.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import { fuelArgument } from './reports.js'
import { argumentsOf, catalogueFor, folderArgument, formatArgument, opaFor } from './toolbox.js'

export const help = `sallyport policy bisect [DIR] --facts FILE
sallyport policy bisect [DIR] --records PLACE --record SEQ
sallyport policy bisect [DIR] --sql TEXT --as IDENTITY --target T

Finds the commit that first changed the decision of a command, by building the folder as it was at some of
its commits (along the first parents) and asking each. Nothing in the work tree or index is touched.

  DIR                  the folder of policies (default: the current one), inside of a Git repository
  --facts FILE         the facts, as JSON, or a line of \`sallyport audit export\`
  --records PLACE      a record, with --record SEQ for the line of the command
  --sql TEXT           a command as a client would send it, with --as and --target by the names in
                       sallyport-policy.yaml; it is read under the labels of each commit
  --from REVISION      begin here (default: the first commit of the folder)
  --to REVISION        end here (default: HEAD)
  --every              every change on the way, asking each commit: also those that were taken back
  --format FORMAT      pretty (default) or json
  --fuel N             the budget of one decision, as the gateway has it (policy.fuel)

A decision is the same while action, rules, masks, approval and limits are; the words of messages may
change. A commit that does not build is passed over.

Exit status: 0 found, or nothing ever changed; 1 no commit can be asked; 2 wrong usage.
`

const OPTIONS = {
  facts: { type: 'string' },
  records: { type: 'string' },
  record: { type: 'string' },
  sql: { type: 'string' },
  as: { type: 'string' },
  target: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  every: { type: 'boolean' },
  format: { type: 'string' },
  fuel: { type: 'string' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']
type AskPolicy = (policy: Policy) => Promise<Decision>

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const fuel = fuelArgument(values.fuel, DEFAULTS.fuel)
  const folder = await folderArgument(positionals, io)
  const { text, ask } = await question(values, folder, io)
  const history = await folderHistory(folder.root, values.from, values.to ?? 'HEAD')
  const opa = await opaFor(io)
  const found = await bisect({
    commits: history.commits,
    every: values.every === true,
    ask: (tree) => asked(history, tree, { opa, fuel, ask }),
    ...(io.stderr.isTTY === true
      ? { progress: (commit, left) => void io.stderr.write(progressLine(commit, left)) }
      : {}),
  })
  if (io.stderr.isTTY === true) io.stderr.write('\r\u001b[K')
  const turns = await Promise.all(
    found.turns.map(async (turn): Promise<TurnShown> => {
      const [end] = turn.commits.slice(-1)
      const changed = await folderDiff(history, turn.last.commit, end?.commit ?? 'HEAD')
      return { ...turn, diff: changed }
    }),
  )
  const shown = { ...found, turns, ...(text === undefined ? {} : { text }) }
  if (format === 'json') io.stdout.write(`${JSON.stringify(shown)}\n`)
  else io.stdout.write(bisectionText(shown, paintFor(io), plainText))
  return found.now === undefined ? 1 : 0
}

async function asked(
  { root }: FolderHistory,
  tree: string,
  parts: { readonly opa: string; readonly fuel: number; readonly ask: AskPolicy },
): Promise<Asked> {
  try {
    const bytes = await folderAt(root, tree, (folder) => buildBundle({ opa: parts.opa, folder }))
    const policy = await policyOf(bytes, { id: 1, fuel: parts.fuel })
    return { decision: await parts.ask(policy) }
  } catch (problem) {
    // What was asked is wrong, whatever the commit.
    if (problem instanceof GatewayError && problem.code === 'usage') throw problem
    const why = problem instanceof Error ? problem.message : String(problem)
    return { why: why.split('\n')[0] ?? why }
  }
}

async function question(
  values: Values,
  folder: PolicyFolder,
  io: Io,
): Promise<{ readonly text?: string; readonly ask: AskPolicy }> {
  const { facts: file, records, sql } = values
  if ([file, records, sql].filter((one) => one !== undefined).length !== 1) {
    throw new GatewayError('usage', 'name one of --facts, --records and --sql')
  }
  if (file !== undefined) {
    const facts = await factsFile(resolve(io.cwd, file))
    return { ask: (policy) => Promise.resolve(policy.decide(facts, 'decision')) }
  }
  if (records !== undefined) {
    if (values.record === undefined || !/^\d+$/.test(values.record)) {
      throw new GatewayError('usage', '--records needs --record, the number of the line (its seq)')
    }
    const place = resolve(io.cwd, records)
    const { text, facts, entrypoint } = await recordedCommand(place, { seq: Number(values.record) })
    return { text, ask: (policy) => Promise.resolve(policy.decide(facts, entrypoint)) }
  }
  return questionOfText(sql ?? '', values, folder, io)
}

async function questionOfText(
  sql: string,
  { as, target }: Values,
  folder: PolicyFolder,
  io: Io,
): Promise<{ readonly text: string; readonly ask: AskPolicy }> {
  if (as === undefined || target === undefined) {
    throw new GatewayError('usage', '--sql needs --as and --target')
  }
  const situation = situationOf(folder.settings, { as, target })
  const rehearsing = await createRehearsing()
  return {
    text: sql,
    async ask(policy) {
      const catalogue = await catalogueFor(folder, target, policy, io)
      const { statements, action, syntaxError } = await rehearsing.run(
        sql,
        catalogue,
        situation,
        policy,
      )
      const one = statements.find((statement) => statement.action === action) ?? statements[0]
      if (syntaxError !== undefined || one === undefined) {
        const why = syntaxError?.message ?? 'there is no statement'
        throw new GatewayError('usage', `the text cannot be read: ${why}`)
      }
      // What the client meets: a command whose answer cannot be masked is denied.
      return { ...one.decision, action }
    },
  }
}

function progressLine({ commit, subject }: FolderCommit, left: number): string {
  return `\r\u001b[K${commit.slice(0, 10)} ${plainText(subject, 50)} (about ${left} more)`
}
