// What is tried, as it stands in the part of the address that browsers keep to themselves: it can be
// shared, and no server between has it in its log.

export const KINDS = ['agent', 'human', 'pipeline'] as const
export type Kind = (typeof KINDS)[number]

export type Question = {
  readonly sql: string
  readonly target: string
  readonly database: string
  readonly kind: Kind
  readonly groups: string
  readonly subject: string
}

export const NOTHING: Question = {
  sql: '',
  target: '',
  database: '',
  kind: 'agent',
  groups: '',
  subject: '',
}

export function questionIn(hash: string): Question {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const text = (name: keyof Question): string => given.get(name) ?? ''
  return {
    sql: text('sql'),
    target: text('target'),
    database: text('database'),
    kind: KINDS.find((kind) => kind === given.get('kind')) ?? NOTHING.kind,
    groups: text('groups'),
    subject: text('subject'),
  }
}

export function hashOf(question: Question): string {
  const kept = Object.entries(question).filter(([, value]) => value !== '')
  return `#${new URLSearchParams(kept)}`
}

export function groupsOf({ groups }: Question): readonly string[] {
  return groups.split(/[\s,]+/).filter((group) => group !== '')
}
