// `sallyport policy backtest`: which recorded commands would have gone differently under another policy.
import { resolve } from 'node:path'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { backtest } from '../../policies/backtest/backtest.js'
import { namedPolicy, type NamingOptions } from '../../policies/backtest/named-policy.js'
import { failuresOf, type Report } from '../../policies/backtest/report.js'
import type { Io } from '../io.js'
import {
  expectationsArgument,
  failOnArgument,
  fuelArgument,
  invariantsArgument,
  progressOn,
  REPORT_FORMATS,
  reportText,
  timeArgument,
} from './reports.js'
import { argumentsOf, formatArgument, opaFor } from './toolbox.js'

export const help = `sallyport policy backtest [B] --records DIR   decide what is on record again under B

B is a bundle file, a folder of policies (the current one when left out), or a folder at a Git revision
such as main:policies (from the top of the repository; main:./policies from here).

  --records PLACE      directory of a record, one of its segments, or a file of \`audit export\`
  --from TIME          only commands from this time on (RFC 3339 or milliseconds)
  --to TIME            only commands before this time
  --against A          compare with A executed on the same facts, instead of the recorded decisions
  --expect FILE        delta.yaml: the flips that are meant; any other fails, one that does not come warns
  --fail-on WHAT       wider, any, none: which flips end with status 1 (wider; with --expect any)
  --invariants FILE    statements that no decision may break (those that B carries: invariants.yaml)
  --format FORMAT      pretty (default), json, markdown (for a pull request), github
  --fuel N             the budget of one decision, as the gateway has it (policy.fuel)

A flip is a difference in access: action, masks, limits or terms of approval. Wider and stricter are told
apart; what is wider in one respect and stricter in another counts as wider. Labels of columns are in the
facts, so a change of labels shows in commands sent after it: commands that read such columns are counted.
What ran once it was approved is on record as approved; whether it would still have to wait shows with
--against, which asks both without that approval, and in \`policy diff\`.

delta.yaml:
  flips:
    - why: analysts may truncate scratch tables        # required, in words
      from: [require-approval]
      to: [allow, mask-fields]
      rule: [destructive/truncate]
      object: [public.scratch_*]
      max: 20                                          # at most so many commands

Exit status: 0 nothing unexpected, 1 unexpected flips or decisions that cannot be executed, 2 wrong usage.
`

const OPTIONS = {
  records: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  against: { type: 'string' },
  expect: { type: 'string' },
  'fail-on': { type: 'string' },
  invariants: { type: 'string' },
  format: { type: 'string' },
  fuel: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  if (positionals.length > 1) {
    throw new GatewayError('usage', `one policy at a time, not ${positionals.join(' ')}`)
  }
  if (values.records === undefined) throw new GatewayError('usage', '--records is missing')
  const format = formatArgument(values.format, REPORT_FORMATS)
  const failOn = failOnArgument(values['fail-on'], values.expect !== undefined)
  const expectations = expectationsArgument(values.expect, io)
  const options: NamingOptions = {
    opa: () => opaFor(io),
    cwd: io.cwd,
    fuel: fuelArgument(values.fuel, DEFAULTS.fuel),
  }
  const after = await namedPolicy(positionals[0] ?? '.', options)
  const before =
    values.against === undefined ? undefined : await namedPolicy(values.against, options)
  const invariants = invariantsArgument(values.invariants, io) ?? after.invariants
  const [from, to] = [timeArgument(values.from), timeArgument(values.to)]
  const progress = progressOn(io)
  const found = await backtest({
    records: resolve(io.cwd, values.records),
    policy: after.policy,
    against: before?.policy,
    expectations,
    invariants,
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
    ...(progress === undefined ? {} : { progress: progress.show }),
  }).finally(() => progress?.clear())
  const report: Report = {
    title: 'policy backtest',
    before: before?.side,
    after: after.side,
    comparisons: [found.comparison],
    expectations: found.expectations,
    ...(invariants.length === 0 ? {} : { invariants: found.broken }),
  }
  io.stdout.write(reportText(report, format, failOn, io))
  return failuresOf(report, failOn).length === 0 ? 0 : 1
}
