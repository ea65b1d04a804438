// `sallyport policy test`: all tests of a folder of policies in one run, each against what is enforced.
import { writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import type { PolicyFolder } from '../../policies/folder.js'
import { lcovOf } from '../../policies/testing/lcov.js'
import { isGood } from '../../policies/testing/outcome.js'
import { reportText, TEST_FORMATS, type TestFormat } from '../../policies/testing/report.js'
import { COUNT, SEED, testRun } from '../../policies/testing/test-run.js'
import { watched } from '../../policies/watch.js'
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

export const help = `sallyport policy test [DIR]   run all tests of policies, against what is enforced

Three kinds in one run:
  tests/**/*_test.rego       by OPA, and compiled to the Wasm that decides in the gateway; where the two
                             disagree, the test “differs”, which is a failure
  tests/**/*.commands.yaml   tables of real commands and what a client would meet; no Rego needed. Names
                             come from targets.NAME.catalogue, files of DDL
  properties                 of generated facts: every decision is well-formed, the order of files changes
                             nothing, an allow needs every effect covered, degraded is never weaker, a
                             denial wins, the Wasm decides as OPA does

  --only REGEX           only tests whose package and name, or file and name, fit; coverage is left out
  --data PATH            more data for Rego tests, as opa test would be given it; may be repeated
  --facts N              how many facts are generated (${COUNT}); 0 leaves the properties out
  --seed N               which ones (${SEED}); the same seed gives the same facts everywhere
  --format FORMAT        ${TEST_FORMATS.join(', ')}
  --coverage-file FILE   write an lcov tracefile
  --verbose              name the tests that passed, too
  --watch                run again whenever a file changes

Thresholds are coverage.rules and coverage.lines in sallyport-policy.yaml. Only Rego tests and command tests
count towards them.
Exit status: 0 all good, 1 a test failed or a threshold was not reached, 2 wrong usage.
`

const OPTIONS = {
  only: { type: 'string' },
  data: { type: 'string', multiple: true },
  facts: { type: 'string' },
  seed: { type: 'string' },
  format: { type: 'string' },
  'coverage-file': { type: 'string' },
  verbose: { type: 'boolean' },
  watch: { type: 'boolean' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, TEST_FORMATS)
  const once = async (): Promise<number> =>
    ranOnce(await folderArgument(positionals, io), format, values, io)
  // What is wrong with the arguments is told before anything is waited for.
  const { root } = await folderArgument(positionals, io)
  asked(values)
  return values.watch === true ? forever(once, root, io) : once()
}

async function ranOnce(
  folder: PolicyFolder,
  format: TestFormat,
  values: Values,
  io: Io,
): Promise<number> {
  const { policy, bytes } = await policyAt(folder, io)
  const report = await testRun({
    ...asked(values),
    opa: await opaFor(io),
    folder,
    bytes,
    policy,
    fuel: folder.settings.fuel ?? DEFAULTS.fuel,
    catalogue: (target) => catalogueFor(folder, target, policy, io),
    extraData: (values.data ?? []).map((path) => resolve(io.cwd, path)),
  })
  const named = (file: string): string => relative(io.cwd, join(folder.root, file))
  const file = values['coverage-file']
  if (file !== undefined && report.coverage !== undefined) {
    await writeFile(resolve(io.cwd, file), lcovOf(report.coverage, policy.rules ?? [], named))
  }
  const verbose = values.verbose === true
  io.stdout.write(reportText(report, format, { paint: paintFor(io), verbose, named }))
  return isGood(report) ? 0 : 1
}

function asked(values: Values): { only?: RegExp; seed?: number; count?: number } {
  const number = (name: 'facts' | 'seed', most: number): number | undefined => {
    const given = values[name]
    if (given === undefined) return undefined
    const found = Number(given)
    if (/^\d+$/.test(given) && found <= most) return found
    throw new GatewayError('usage', `--${name} is a whole number up to ${most}, not ${given}`)
  }
  const [count, seed] = [number('facts', 100_000), number('seed', 2_147_483_647)]
  if (values['coverage-file'] !== undefined && values.only !== undefined) {
    throw new GatewayError('usage', '--coverage-file says nothing of a part of the tests: --only')
  }
  return {
    ...(values.only === undefined ? {} : { only: patternOf(values.only) }),
    ...(count === undefined ? {} : { count }),
    ...(seed === undefined ? {} : { seed }),
  }
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : String(problem)
    throw new GatewayError('usage', `--only: ${why}`)
  }
}

// One run at a time; what changes during one makes for another. Ends with the process.
async function forever(once: () => Promise<number>, root: string, io: Io): Promise<number> {
  let wake = (): void => undefined
  let changed = true
  const watch = watched(root, () => {
    changed = true
    wake()
  })
  try {
    for (;;) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve))
      changed = false
      await once().catch((problem: unknown) => {
        if (!(problem instanceof GatewayError)) throw problem
        io.stderr.write(`sallyport: ${problem.message}\n`)
      })
      io.stderr.write(`watching ${root}\n`)
    }
  } finally {
    watch.close()
  }
}
