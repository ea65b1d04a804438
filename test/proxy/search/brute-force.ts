// The same questions answered by reading the whole record, without any of the index's code: what the index is held
// against. Holds no test.
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { recordLines } from '../../../proxy/recording/read-record.js'
import { createPartsRead, factsOf } from '../../../proxy/recording/recorded-facts.js'
import { outcomesOf, type RecordedOutcome } from '../../../proxy/recording/recorded-outcomes.js'

export type Known = {
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly command: number
  readonly text: string
  readonly go: boolean
  readonly facts: Facts
  readonly decision: Decision
  outcome: RecordedOutcome | undefined
  // approval events, approvers, incidents: `kind value`.
  readonly marks: Set<string>
}

export async function knownCommands(directory: string): Promise<readonly Known[]> {
  const parts = createPartsRead()
  const all: Known[] = []
  const last = new Map<string, Known>()
  const marks: { key: string; mark: string }[] = []
  for await (const { line } of recordLines(directory)) {
    parts.take(line)
    if (line.kind === 'command') {
      const facts = factsOf(line, parts)
      const decision = parts.of(line.decision) as Decision | undefined
      if (facts === undefined || decision === undefined) throw new Error('parts are missing')
      const { seq, time, session, command, text, go } = line
      const known: Known = {
        ...{ seq, time, session, command, text, go, facts, decision },
        outcome: undefined,
        marks: new Set(),
      }
      all.push(known)
      last.set(`${session} ${command}`, known)
    }
    for (const outcome of outcomesOf(line)) {
      const of = last.get(`${outcome.session} ${outcome.command}`)
      if (of !== undefined) of.outcome = outcome
    }
    if (line.kind === 'approval' || line.kind === 'incident') {
      const key = `${line.session} ${line.command}`
      marks.push({ key, mark: `${line.kind} ${line.event}` })
      if (line.kind === 'approval' && line.by !== undefined) {
        marks.push({ key, mark: `approver ${String(JSON.parse(line.by)[1])}` })
      }
    }
  }
  for (const { key, mark } of marks) last.get(key)?.marks.add(mark)
  return all.reverse()
}

export type Part = { readonly field: string; readonly value: string; readonly without: boolean }

export function fits(known: Known, { field, value, without }: Part): boolean {
  return has(known, field, value) !== without
}

function has(known: Known, field: string, value: string): boolean {
  const { facts, decision, outcome } = known
  const { identity, target, command } = facts
  const effects = command?.effects ?? []
  const flows = command?.flows ?? []
  const columns = [
    ...effects.flatMap(({ object, columns = [] }) => columns.map((one) => `${object}.${one}`)),
    ...flows.map(({ from }) => from),
  ]
  switch (field) {
    case 'person':
      return among(value, [identity.subject, identity.name])
    case 'kind':
      return among(value, [identity.kind])
    case 'group':
      return among(value, identity.groups)
    case 'target':
      return among(value, [target.name])
    case 'env':
      return among(value, [target.labels['env'] ?? ''])
    case 'tag':
      return among(
        value,
        Object.entries(target.labels).map(([name, one]) => `${name}=${one}`),
      )
    case 'object':
      return ends(
        value,
        effects.map(({ object }) => object),
      )
    case 'column':
      return ends(value, columns)
    case 'saw':
      return ends(
        value,
        flows.filter(({ to }) => to === 'output').map(({ from }) => from),
      )
    case 'label':
      return among(value, [
        ...effects.flatMap(({ labels = [] }) => labels),
        ...flows.flatMap(({ labels }) => labels),
      ])
    case 'op':
      return among(
        value,
        effects.map(({ op }) => op),
      )
    case 'rule':
      return among(
        value,
        decision.rules.map(({ id }) => id),
      )
    case 'action':
      return among(value, [decision.action])
    case 'ran':
      return (value === 'yes') === known.go
    case 'result':
      return outcome?.result === value
    case 'rows':
      return outcome?.rows !== undefined && outcome.rows > Number(value.slice(1))
    case 'session':
      return among(value, [known.session])
    case 'approval':
    case 'approver':
    case 'incident':
      return [...known.marks].some((mark) => wild(`${field} ${value}`).test(mark))
    case 'since':
      return known.time >= Number(value)
    case 'until':
      return known.time < Number(value)
    case 'text':
      return words(value, known.text)
    default:
      throw new Error(field)
  }
}

function among(value: string, all: readonly string[]): boolean {
  return all.some((one) => one !== '' && wild(value).test(one))
}

// The whole name, or what is left of it without its first parts.
function ends(value: string, all: readonly string[]): boolean {
  return all.some((one) =>
    one.split('.').some((_, at, parts) => wild(value).test(parts.slice(at).join('.'))),
  )
}

function wild(value: string): RegExp {
  const parts = value.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'is')
}

// Words one after the other; a last * leaves the end of the last one open.
function words(value: string, text: string): boolean {
  const cut = (one: string): string[] => one.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []
  const wanted = cut(value)
  const found = cut(text)
  return found.some((_, at) =>
    wanted.every((word, next) => {
      const there = found[at + next]
      const isOpen = value.endsWith('*') && next === wanted.length - 1
      return isOpen ? there?.startsWith(word) === true : there === word
    }),
  )
}
