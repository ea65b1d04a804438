// The texts that make a difference to a policy: what its rules compare facts with, and what its data
// holds, by the name of the field that they are compared with. Words that facts usually hold are added, so
// that rules are reached also where a policy names nothing.
import type { Chance } from './repeatable-chance.js'

export type PolicyWords = {
  // By the last name on the path of a field: `detail`, `labels`, `object` …
  readonly byField: Readonly<Record<string, readonly string[]>>
  // Whatever else the policy names.
  readonly others: readonly string[]
}

export const NO_WORDS: PolicyWords = { byField: {}, others: [] }

// What the engine itself writes into fields that are open in the schema.
const USUAL: Readonly<Record<string, readonly string[]>> = {
  'identity.subject': ['ada', 'bob', 'grace', 'build-17'],
  'identity.issuer': ['https://issuer.example'],
  'identity.name': ['Ada', 'Bob'],
  'identity.groups': ['engineers', 'approvers', 'agents'],
  'identity.actor.subject': ['ada', 'assistant'],
  'identity.actor.issuer': ['https://issuer.example'],
  'identity.claims.*': ['department', 'ticket'],
  'target.name': ['shop', 'ledger'],
  'target.labels.*': ['env', 'env', 'env', 'team'],
  'target.labels.env': ['prod', 'prod', 'test', 'staging', 'nowhere'],
  'target.database': ['shop'],
  'session.purpose': ['', 'incident 4711'],
  'session.application': ['', 'psql'],
  'session.client_address': ['127.0.0.1', '10.1.2.3'],
  'grants.id': ['g1', 'g2'],
  'command.effects.object': ['', 'public.orders', 'public.customers', 'pg_catalog.pg_authid'],
  'command.effects.columns': ['id', 'name', 'ssn', 'email', 'notes'],
  'command.effects.labels': ['pii', 'pii.ssn', 'free_text', 'confidential', 'system:secret'],
  'command.effects.detail': [
    'immutable',
    'stable',
    'volatile',
    'security_definer',
    'opaque',
    'sequence',
    'trigger',
    'cascade',
    'replace',
    'harmless',
    'names',
    'reading',
    'rights',
    'fetch',
    'prepared',
  ],
  'command.flows.from': ['public.customers.ssn', 'public.customers.email', 'public.orders.notes'],
  'command.flows.labels': ['pii', 'pii.ssn', 'free_text', 'confidential'],
  'command.flows.through': [
    'cast:text',
    'function:upper',
    'function:left',
    'operator:||',
    'aggregate:max',
    'count',
    'row',
    'set_operation',
    'unique',
  ],
  'command.unread.detail': ['a part'],
  'command.postgres.tag': ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'DROP TABLE', 'BEGIN'],
}

// Never empty. Mostly what the policy compares this very field with, or what is usual there; now and
// then any word of the policy, for what was not understood.
export function wordsAt(
  words: PolicyWords,
  path: readonly string[],
  chance: Chance,
): readonly string[] {
  const field = path.at(-1) ?? ''
  const named = words.byField[field === '*' ? `${path.at(-2) ?? ''}.*` : field] ?? []
  const usual = USUAL[path.join('.')] ?? []
  const [first, second] = chance.often(50) ? [named, usual] : [usual, named]
  if (words.others.length > 0 && chance.often(10)) return words.others
  if (first.length > 0) return first
  if (second.length > 0) return second
  return words.others.length > 0 ? words.others : ['something']
}
