// `sallyport policy diff`: what a change of policies lets through or holds back, on generated facts and,
// where there is a record, on what people really did.
import { resolve } from 'node:path'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { backtest } from '../../policies/backtest/backtest.js'
import { brokenInAll } from '../../policies/backtest/broken-tally.js'
import { policyDiff } from '../../policies/backtest/diff.js'
import { namedPolicy, type NamingOptions } from '../../policies/backtest/named-policy.js'
import { failuresOf, type ExpectationResult, type Report } from '../../policies/backtest/report.js'
import type { Io } from '../io.js'
import { toolCache } from '../serve.js'
import {
  expectationsArgument,
  failOnArgument,
  fuelArgument,
  invariantsArgument,
  progressOn,
  REPORT_FORMATS,
  reportText,
} from './reports.js'
import { argumentsOf, formatArgument, opaFor } from './toolbox.js'

export const help = `sallyport policy diff A [B]   what changes from A to B

A and B are bundle files, folders of policies, or folders at a Git revision (main:policies, from the top
of the repository; main:./policies from here). B is the current folder when left out.

Facts are generated: every pair of values that facts can have, triples of those that rules most often
combine, and around rules whose texts differ every combination of what they speak of. Each flip comes with
the plainest situation that shows it, as a command where there is one. Such a command is read again by the
gateway's own reader against tables made for it in a scratch PostgreSQL ("read again"); else it stands for
its facts alone ("as facts only").

  --records PLACE      decide a record again as well (see backtest): A's decisions against B's
  --expect FILE        delta.yaml: the flips that are meant (see backtest)
  --fail-on WHAT       wider, any, none: which flips end with status 1 (wider; with --expect any)
  --invariants FILE    statements that no decision may break (those that B carries: invariants.yaml)
  --no-read            do not read commands again: no PostgreSQL is started
  --format FORMAT      pretty (default), json, markdown (for a pull request), github
  --fuel N             the budget of one decision, as the gateway has it (policy.fuel)

Exit status: 0 nothing unexpected, 1 unexpected flips, 2 wrong usage.
`

const OPTIONS = {
  records: { type: 'string' },
  expect: { type: 'string' },
  'fail-on': { type: 'string' },
  invariants: { type: 'string' },
  'no-read': { type: 'boolean' },
  format: { type: 'string' },
  fuel: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const [a, b = '.', ...rest] = positionals
  if (a === undefined || rest.length > 0) {
    throw new GatewayError('usage', 'diff takes two policies: the one before and the one after')
  }
  const format = formatArgument(values.format, REPORT_FORMATS)
  const failOn = failOnArgument(values['fail-on'], values.expect !== undefined)
  const expectations = expectationsArgument(values.expect, io)
  const options: NamingOptions = {
    opa: () => opaFor(io),
    cwd: io.cwd,
    fuel: fuelArgument(values.fuel, DEFAULTS.fuel),
  }
  const before = await namedPolicy(a, options)
  const after = await namedPolicy(b, options)
  const invariants = invariantsArgument(values.invariants, io) ?? after.invariants
  const diff = await policyDiff({
    before,
    after,
    expectations,
    invariants,
    cache: values['no-read'] === true ? undefined : toolCache(io),
    progress: (what) => void io.stderr.write(`${what}\n`),
  })
  const progress = progressOn(io)
  const recorded =
    values.records === undefined
      ? undefined
      : await backtest({
          records: resolve(io.cwd, values.records),
          policy: after.policy,
          against: before.policy,
          expectations,
          invariants,
          ...(progress === undefined ? {} : { progress: progress.show }),
        }).finally(() => progress?.clear())
  const report: Report = {
    title: 'policy diff',
    before: before.side,
    after: after.side,
    comparisons: [...(recorded === undefined ? [] : [recorded.comparison]), diff.comparison],
    expectations: met(diff.expectations, recorded?.expectations),
    rules: diff.rules,
    ...(invariants.length === 0
      ? {}
      : { invariants: brokenInAll([recorded?.broken ?? [], diff.broken]) }),
  }
  io.stdout.write(reportText(report, format, failOn, io))
  return failuresOf(report, failOn).length === 0 ? 0 : 1
}

// `max` speaks of recorded commands; that a flip comes at all may show in generated facts alone.
function met(
  generated: readonly ExpectationResult[],
  recorded: readonly ExpectationResult[] | undefined,
): readonly ExpectationResult[] {
  return generated.map(({ max, ...one }, at) => {
    const real = recorded?.[at]?.found ?? 0
    return real > 0 && max !== undefined
      ? { ...one, found: real, max }
      : { ...one, found: one.found + real }
  })
}
