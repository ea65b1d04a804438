// What somebody can do, as a table of about a page.
import type { Can } from './can.js'
import type { Row } from './merge.js'
import type { Outcome, Result } from './outcomes.js'

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string

const COLOURS: Readonly<Record<Result, 'green' | 'yellow' | 'red'>> = {
  allowed: 'green',
  masked: 'yellow',
  approval: 'yellow',
  never: 'red',
}

// Of many names the first few.
const NAMES_MAX = 8
const RULES_MAX = 3

export function canText(found: Can, paint: Paint = (_, text) => text): string {
  const { identity, target, opens, rows } = found
  const who =
    identity.groups.length === 0 ? identity.kind : `${identity.kind}, ${identity.groups.join(', ')}`
  const labels = Object.entries(target.labels).map(([name, value]) => `${name}: ${value}`)
  const where = labels.length === 0 ? target.name : `${target.name} (${labels.join(', ')})`
  const lines = [`${paint('bold', identity.name)} (${who}) at ${paint('bold', where)}`]
  if (opens.action === 'deny' || opens.action === 'require-approval') {
    lines.push(paint('red', `cannot open it: ${opens.rules.join(', ')}`))
  }
  for (const result of ['allowed', 'masked', 'approval', 'never'] as const) {
    const own = rows.filter((row) => row.result === result)
    if (own.length === 0) continue
    lines.push('', paint(COLOURS[result], HEADS[result]))
    const width = Math.min(36, Math.max(...own.map((row) => operationsText(row).length)))
    for (const row of own) lines.push(...rowLines(row, width, paint))
  }
  if (found.sampled) lines.push('', paint('grey', SAMPLED))
  return `${lines.join('\n')}\n`
}

const SAMPLED =
  'There are so many objects that circumstances were tried for one of each kind that comes out alike.'

const HEADS: Readonly<Record<Result, string>> = {
  allowed: 'allowed',
  masked: 'allowed, with protected values masked',
  approval: 'needs an approval',
  never: 'never',
}

function rowLines(row: Row, width: number, paint: Paint): readonly string[] {
  const ways = row.ways.length === 0 ? '' : ` (${row.ways.join('; ')})`
  const who = row.result === 'approval' ? `  by ${row.approvers.join(' or ')}` : ''
  const rules = row.rules.length === 0 ? '' : `  ${paint('grey', namesText(row.rules, RULES_MAX))}`
  return [
    `  ${operationsText(row).padEnd(width)}  ${namesText(row.things)}${ways}${who}${rules}`,
    ...otherwiseText(row.otherwise).map((text) => `  ${' '.repeat(width)}  ${paint('grey', text)}`),
  ]
}

function operationsText({ operations }: Row): string {
  return operations.map((op) => op.replaceAll('_', ' ')).join(', ')
}

function namesText(names: readonly string[], max = NAMES_MAX): string {
  const shown = names.slice(0, max).join(', ')
  return names.length <= max ? shown : `${shown} and ${names.length - max} more`
}

// “approval at 0:00 to 7:00, 18:00 to 23:00; where env is dev, test”
export function otherwiseText(otherwise: Outcome['otherwise']): readonly string[] {
  const results = [...new Set(otherwise.map(({ result }) => result))]
  return results.map((result) => {
    const when = otherwise.filter((one) => one.result === result).map((one) => one.when)
    const hours = when.flatMap((words) => /^at (\d+):00$/.exec(words)?.[1] ?? []).map(Number)
    const environments = when.flatMap((words) => /^where env is (.*)$/.exec(words)?.[1] ?? [])
    const others = when.filter((words) => !/^at \d|^where env/.test(words))
    const parts = [
      ...(hours.length === 0 ? [] : [`at ${rangesOf(hours)}`]),
      ...others,
      ...(environments.length === 0 ? [] : [`where env is ${environments.join(', ')}`]),
    ]
    return `${result === 'approval' ? 'needs an approval' : result} ${parts.join('; ')}`
  })
}

function rangesOf(hours: readonly number[]): string {
  const ranges: { from: number; to: number }[] = []
  for (const hour of hours) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to === hour) last.to = hour + 1
    else ranges.push({ from: hour, to: hour + 1 })
  }
  return ranges.map(({ from, to }) => `${from}:00 to ${to}:00`).join(', ')
}
