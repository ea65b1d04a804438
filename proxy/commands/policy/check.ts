// `sallyport policy check`: everything that can be said about policies without running them on a command:
// file, line and column, what is wrong, and how to write it.
import { checkPolicies, type CheckReport } from '../../policies/check/check-policies.js'
import { CHECK_RULES } from '../../policies/check/checks.js'
import { FINDING_FORMATS, findingsText, seenFrom } from '../../policies/findings.js'
import type { Io } from '../io.js'
import { paintFor } from '../table.js'
import { argumentsOf, folderArgument, formatArgument, opaFor } from './toolbox.js'

const width = Math.max(...Object.keys(CHECK_RULES).map((name) => name.length))

export const help = `sallyport policy check [DIR]   find what is wrong with policies before anybody runs them

  --format FORMAT   ${FINDING_FORMATS.join(', ')}: pretty for people (the default), SARIF 2.1.0 for code
                    scanning, github for annotations in a workflow
  --warnings        a warning ends it with 1 too

It reports, each with file, line and column, what is wrong and how to write it:

${Object.entries(CHECK_RULES)
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(([name, what]) => `  ${name.padEnd(width)}  ${what}`)
  .join('\n')}

Exit status: 0 nothing wrong (there may be warnings), 1 findings, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, {
    format: { type: 'string' },
    warnings: { type: 'boolean' },
  })
  const format = formatArgument(values.format, FINDING_FORMATS)
  const folder = await folderArgument(positionals, io)
  const report = await checkPolicies(await opaFor(io), folder)
  const findings = seenFrom(io.cwd, folder.root, report.findings)
  io.stdout.write(findingsText(findings, format, { paint: paintFor(io), rules: CHECK_RULES }))
  if (format === 'pretty') io.stdout.write(summaryOf(report))
  const counts = findings.some(({ severity }) => severity === 'error' || values.warnings === true)
  return counts ? 1 : 0
}

function summaryOf({ files, fuel }: CheckReport): string {
  const read = `${files} file${files === 1 ? '' : 's'}`
  if (fuel === undefined) return `${read}\n`
  const { plain, large, budget } = fuel
  return `${read}; a plain command takes ${plain} units of fuel, one with fifty effects ${large}, of ${budget}\n`
}
