// Facts hold the labels that columns had when a command was read. Where another policy labels them otherwise,
// the command would be read otherwise, and no decision on the old facts says what would come of it: such
// columns are named.
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { CommandFacts } from '../../../engine/schemas/facts.js'
import { globOf } from './glob.js'

// Columns of the command (schema.table.column) whose labels differ from what the rules now say.
export function createLabelWatch(
  rules: readonly LabelRule[],
): (command: CommandFacts) => readonly string[] {
  const patterns = rules.map((rule) => ({
    rule,
    column: globOf(rule.column === undefined ? undefined : [rule.column]),
    table: globOf(rule.table === undefined ? undefined : [rule.table]),
    schema: globOf(rule.schema === undefined ? undefined : [rule.schema]),
  }))
  const universe = new Set(rules.flatMap((rule) => rule.labels))
  return ({ effects, flows }) => {
    const found = new Set<string>()
    for (const { object, columns = [], labels = [] } of effects) {
      const [schema = '', table = ''] = object.split('.')
      for (const column of columns) {
        const now = patterns
          .filter((one) => one.column(column) && one.table(table) && one.schema(schema))
          .flatMap(({ rule }) => rule.labels)
        if (now.some((label) => !labels.includes(label))) found.add(`${object}.${column}`)
      }
    }
    // Labels that no rule gives any more.
    for (const { from, labels } of flows) {
      if (labels.some((label) => !universe.has(label))) found.add(from)
    }
    return [...found].sort()
  }
}
