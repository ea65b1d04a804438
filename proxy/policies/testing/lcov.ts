// Coverage as an lcov tracefile (geninfo(1)), which code hosts and editors show beside the lines: one record
// a file, its rows, and its rules as functions.
import type { RuleEntry } from '../../../engine/policy/rule-index.js'
import type { Coverage } from './coverage.js'

// `named` makes the file's name what the reader of the report knows it by.
export function lcovOf(
  { rows, silent }: Coverage,
  rules: readonly RuleEntry[],
  named: (file: string) => string,
): string {
  const files = [...rows.keys()].sort()
  const records = files.map((file) => {
    const found = [...(rows.get(file) ?? [])].sort(([one], [other]) => one - other)
    // A rule with several heads is several functions.
    const functions = rules
      .filter((rule) => rule.file === file)
      .map(({ id, line }) => ({ name: `${id}:${line}`, line, hits: hitsOf(file, line) }))
    return [
      'TN:',
      `SF:${named(file)}`,
      ...functions.map(({ name, line }) => `FN:${line},${name}`),
      ...functions.map(({ name, hits }) => `FNDA:${hits},${name}`),
      `FNF:${functions.length}`,
      `FNH:${functions.filter(({ hits }) => hits > 0).length}`,
      ...found.map(([row, reached]) => `DA:${row},${reached ? 1 : 0}`),
      `LF:${found.length}`,
      `LH:${found.filter(([, reached]) => reached).length}`,
      'end_of_record',
    ].join('\n')
  })
  return records.map((record) => `${record}\n`).join('')

  function hitsOf(file: string, line: number): number {
    return silent.some((rule) => rule.file === file && rule.line === line) ? 0 : 1
  }
}
