// `sallyport policy mutate`: changes policies a little, many times, and says which changes no test notices.
import { resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import type { PolicyFolder } from '../../policies/folder.js'
import { mutationOf } from '../../policies/mutation/mutation.js'
import { CHANGE_WORDS, MUTATE_FORMATS, mutationText } from '../../policies/mutation/report.js'
import { isEnough, seenFrom } from '../../policies/mutation/score.js'
import { statedCases, type StatedCase } from '../../policies/mutation/stated-cases.js'
import { commandTests } from '../../policies/testing/command-tests.js'
import { commandTables } from '../../policies/testing/read-command-tests.js'
import type { Io } from '../io.js'
import { paintFor } from '../table.js'
import {
  argumentsOf,
  catalogueFor,
  folderArgument,
  formatArgument,
  opaFor,
  policyAt,
} from './toolbox.js'

const THRESHOLD = 80
const SEED = 1

export const help = `sallyport policy mutate [DIR]   which changes of the policies would no test notice?

Each rule, and the data that rules read, is changed in small ways, one at a time:

${Object.entries(CHANGE_WORDS)
  .map(([change, words]) => `  ${change.padEnd(7)}  ${words}`)
  .join('\n')}

Then the Rego tests and command tests run. A change that fails none of them has survived: a test is
missing, or what was changed makes no difference. Changes that would not compile are not counted. A comment
at the end of a line says that its changes, or some kinds of them, are equivalent:

  # mutate: equivalent, because the indexes of a list are whole numbers
  # mutate: equivalent (drop, some), because …

  --only REGEX      only rules whose id or full name fits (data: data.PATH)
  --sample N        so many of the changes, chosen by
  --seed S          this number (${SEED}); the same choice everywhere
  --data PATH       more data for Rego tests, as opa test would be given it; may be repeated
  --format FORMAT   ${MUTATE_FORMATS.join(', ')}

The threshold is mutation in sallyport-policy.yaml (${THRESHOLD}), percent of the changes.
Exit status: 0 enough were noticed, 1 too few or tests fail as it is, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, {
    only: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    data: { type: 'string', multiple: true },
    format: { type: 'string' },
  })
  const format = formatArgument(values.format, MUTATE_FORMATS)
  const only = values.only === undefined ? undefined : patternArgument(values.only)
  const size = wholeNumber('sample', values.sample)
  const seed = wholeNumber('seed', values.seed) ?? SEED
  const folder = await folderArgument(positionals, io)
  const opa = await opaFor(io)
  const report = await mutationOf({
    opa,
    folder,
    extraData: (values.data ?? []).map((path) => resolve(io.cwd, path)),
    cases: await casesIn(folder, io),
    only,
    sample: size === undefined ? undefined : { size, seed },
    threshold: folder.settings.mutation ?? THRESHOLD,
    progress: progressOn(io),
    now: () => performance.now(),
  })
  io.stdout.write(mutationText(seenFrom(io.cwd, folder.root, report), format, paintFor(io)))
  return isEnough(report) ? 0 : 1
}

// Building the bundle also says what is wrong with policies that cannot be built at all.
async function casesIn(folder: PolicyFolder, io: Io): Promise<readonly StatedCase[]> {
  const { policy } = await policyAt(folder, io)
  const tables = await commandTables(folder)
  const catalogue = (target: string): ReturnType<typeof catalogueFor> =>
    catalogueFor(folder, target, policy, io)
  const { settings } = folder
  const ran = await commandTests({ tables, settings, policy, catalogue, only: undefined })
  return statedCases(tables, ran)
}

function patternArgument(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    throw new GatewayError('usage', `--only ${text} is not a regular expression`)
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new GatewayError('usage', `--${name} is a whole number, not ${text}`)
}

const BAR = 30

function progressOn(io: Io): (done: number, of: number) => void {
  if (io.stderr.isTTY !== true) return () => undefined
  return (done, of) => {
    const full = Math.floor((done / of) * BAR)
    const bar = '█'.repeat(full) + '·'.repeat(BAR - full)
    io.stderr.write(done === of ? '\r\u001b[K' : `\r${bar} ${done}/${of} mutants`)
  }
}
