// What the index keeps of facts and decisions: a view to show, and the words by which it is found. Made of
// what the record holds and of nothing else. Words are compared without regard to case.
import type { Decision } from '../../engine/schemas/decision.js'
import type { CommandFacts, IdentityFacts, TargetFacts } from '../../engine/schemas/facts.js'

// Who, and where: identity and target as the policy saw them.
export type Who = { readonly identity: IdentityFacts; readonly target: TargetFacts }

export type What = {
  readonly action: string
  readonly rules: readonly string[]
  readonly ran: boolean
  readonly tag: string
  readonly objects: readonly { readonly object: string; readonly op: string }[]
  readonly columns: readonly string[]
  // Columns whose values went to the client, masked or not.
  readonly seen: readonly string[]
  readonly labels: readonly string[]
}

export type Term = readonly [kind: string, value: string]

export function whoTerms({ identity, target }: Who): readonly Term[] {
  const terms: Term[] = [
    ['person', identity.subject],
    ['person', identity.name],
    ['issuer', identity.issuer],
    ['kind', identity.kind],
    ['target', target.name],
    ['database', target.database],
  ]
  for (const group of identity.groups) terms.push(['group', group])
  // Who acts for a person is found by its own name as well.
  for (const { subject } of identity.actor) terms.push(['actor', subject], ['person', subject])
  for (const [name, value] of Object.entries(target.labels)) {
    terms.push(['tag', `${name}=${value}`])
    if (name === 'env') terms.push(['env', value])
  }
  return distinct(terms)
}

export function whatOf(
  command: CommandFacts | undefined,
  decision: Decision | undefined,
  ran: boolean,
): What {
  const columns = new Set<string>()
  const seen = new Set<string>()
  const labels = new Set<string>()
  const objects = new Map<string, What['objects'][number]>()
  for (const effect of command?.effects ?? []) {
    const { op, object } = effect
    objects.set(`${op} ${object}`, { op, object })
    for (const column of effect.columns ?? []) columns.add(`${object}.${column}`)
    for (const label of effect.labels ?? []) labels.add(label)
  }
  for (const flow of command?.flows ?? []) {
    columns.add(flow.from)
    for (const label of flow.labels) labels.add(label)
    if (flow.to === 'output' || flow.to === 'copy') seen.add(flow.from)
  }
  return {
    action: decision?.action ?? '?',
    rules: [...new Set(decision?.rules.map(({ id }) => id) ?? [])],
    ran,
    tag: command?.postgres.tag ?? '',
    objects: [...objects.values()],
    columns: [...columns].sort(),
    seen: [...seen].sort(),
    labels: [...labels].sort(),
  }
}

export function whatTerms(what: What): readonly Term[] {
  const terms: Term[] = [
    ['action', what.action],
    ['ran', what.ran ? 'yes' : 'no'],
    ['statement', what.tag],
  ]
  for (const rule of what.rules) terms.push(['rule', rule])
  for (const label of what.labels) terms.push(['label', label])
  for (const { op, object } of what.objects) {
    terms.push(['op', op])
    for (const name of shorter(object)) terms.push(['object', name])
  }
  for (const column of what.columns) {
    for (const name of shorter(column)) terms.push(['column', name])
  }
  for (const column of what.seen) {
    for (const name of shorter(column)) terms.push(['saw', name])
  }
  return distinct(terms)
}

export function folded(value: string): string {
  return value.toLowerCase()
}

// public.customers.ssn is also found as customers.ssn and as ssn.
function shorter(name: string): readonly string[] {
  const parts = name.split('.')
  return parts.map((_, from) => parts.slice(from).join('.'))
}

function distinct(terms: readonly Term[]): readonly Term[] {
  const found = new Map<string, Term>()
  for (const [kind, value] of terms) {
    if (value !== '') found.set(`${kind} ${folded(value)}`, [kind, folded(value)])
  }
  return [...found.values()]
}
