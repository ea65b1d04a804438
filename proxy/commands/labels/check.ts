// `sallyport labels check`: the label rules of a policy folder against the columns that a target has.
import { loadModule } from 'libpg-query'
import { checkedLabels, LABEL_CHECKS } from '../../labels/check-labels.js'
import { readLabelData } from '../../labels/label-data.js'
import { FINDING_FORMATS, findingsText, seenFrom, sorted } from '../../policies/findings.js'
import { loadCatalogue } from '../../targets/catalogue.js'
import type { Io } from '../io.js'
import { argumentsOf, formatArgument } from '../policy/toolbox.js'
import { paintFor } from '../table.js'
import { labelPlace, PLACE_HELP, PLACE_OPTIONS } from './place.js'

const width = Math.max(...Object.keys(LABEL_CHECKS).map((name) => name.length))

export const help = `sallyport labels check TARGET   compare label rules with the columns that there are

${PLACE_HELP}
  --format FORMAT   ${FINDING_FORMATS.join(', ')}
  --warnings        a warning ends it with 1 too

It reads names alone, no values, and reports with file and line:

${Object.entries(LABEL_CHECKS)
  .map(([name, what]) => `  ${name.padEnd(width)}  ${what}`)
  .join('\n')}

A rule that labels nothing is an error where a column or a table has nearly its name or the table is there
without the column; else a warning, since one policy may serve several databases.

Exit status: 0 no errors (there may be warnings), 1 errors, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, {
    ...PLACE_OPTIONS,
    format: { type: 'string' },
    warnings: { type: 'boolean' },
  })
  const format = formatArgument(values.format, FINDING_FORMATS)
  const { folder, connection } = await labelPlace(positionals, values, io)
  try {
    await loadModule()
    const names = await loadCatalogue(connection.query, new Map())
    const found = checkedLabels(names, await readLabelData(folder))
    const findings = sorted(seenFrom(io.cwd, folder.root, found))
    io.stdout.write(findingsText(findings, format, { paint: paintFor(io), rules: LABEL_CHECKS }))
    const counts = findings.some((one) => one.severity === 'error' || values.warnings === true)
    return counts ? 1 : 0
  } finally {
    await connection.close()
  }
}
