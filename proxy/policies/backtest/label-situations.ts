// Where two policies label columns otherwise, the same command has other facts under each. So commands are
// made for each column that either labels, rehearsed under both as the gateway would answer them, and what
// the client meets is compared: the decision, and which fields leave masked.
import type { Policy } from '../../../engine/policy/policy.js'
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Decision, Mask } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { createRehearsing, type Rehearsed } from '../rehearsal/rehearse.js'
import type { Situation } from '../rehearsal/situation.js'

export type LabelSituation = {
  readonly text: string
  readonly column: string
  readonly base: Facts
  readonly before: Decision
  readonly after: Decision
}

export type LabelledPlace = {
  // schema.table
  readonly table: string
  readonly column: string
}

type Side = { readonly policy: Policy; readonly catalogue: Catalogue }

const PLACES_MAX = 60

// Columns that the rules of one side label otherwise than those of the other.
export function placesOf(
  before: readonly LabelRule[],
  after: readonly LabelRule[],
): readonly LabelledPlace[] {
  const texts = (rules: readonly LabelRule[]): readonly string[] =>
    rules.map((rule) => JSON.stringify([rule.schema, rule.table, rule.column, rule.labels]))
  const [one, other] = [texts(before), texts(after)]
  const changed = [
    ...before.filter((_, at) => !other.includes(one[at] ?? '')),
    ...after.filter((_, at) => !one.includes(other[at] ?? '')),
  ]
  const places = changed.map(({ schema = 'public', table = 'orders', column }) => ({
    table: `${unstarred(schema, 'public')}.${unstarred(table, 'orders')}`,
    column: unstarred(column, 'anything'),
  }))
  const keys = places.map(({ table, column }) => `${table}.${column}`)
  return places.filter((_, at) => keys.indexOf(keys[at] ?? '') === at).slice(0, PLACES_MAX)
}

function unstarred(pattern: string, whole: string): string {
  return pattern === '*' ? whole : pattern.replaceAll('*', 'x')
}

// `bases` are the sessions in which each command is tried.
export async function labelSituations(
  places: readonly LabelledPlace[],
  bases: readonly Facts[],
  before: Side,
  after: Side,
): Promise<readonly LabelSituation[]> {
  const rehearsing = await createRehearsing()
  const answerOf = async (
    side: Side,
    text: string,
    situation: Situation,
  ): Promise<Decision | undefined> => {
    const { statements } = await rehearsing.run(text, side.catalogue, situation, side.policy)
    const [first] = statements
    return first === undefined ? undefined : metBy(first)
  }
  const found: LabelSituation[] = []
  for (const { table, column } of places) {
    for (const text of textsOn(table, quoted(column))) {
      for (const base of bases) {
        const situation = situationOf(base)
        const [one, other] = [
          await answerOf(before, text, situation),
          await answerOf(after, text, situation),
        ]
        if (one === undefined || other === undefined) continue
        found.push({ text, column: `${table}.${column}`, base, before: one, after: other })
      }
    }
  }
  return found
}

function textsOn(table: string, column: string): readonly string[] {
  return [
    `SELECT ${column} FROM ${table}`,
    `SELECT upper(${column}) FROM ${table}`,
    `SELECT id FROM ${table} WHERE ${column} = 'x'`,
    `COPY ${table} (${column}) TO STDOUT`,
    `INSERT INTO public.others (note) SELECT ${column} FROM ${table}`,
    `UPDATE ${table} SET ${column} = 'x' WHERE id = 1`,
  ]
}

// A decision that says what the client meets: refused where nothing could be masked, and as masks the fields
// that leave masked in fact.
function metBy({ decision, action, refusal, masks, rewritten }: Rehearsed): Decision {
  if (action === 'deny') {
    const rules =
      refusal === undefined || decision.action === 'deny'
        ? decision.rules
        : [{ id: refusal.rule, message: refusal.message }, ...decision.rules]
    return { action: 'deny', rules, masks: [], limits: {} }
  }
  const fields = [...(masks?.fields ?? [])].map(([at, mask]): Mask => {
    return { ...mask, match: `column:field ${at + 1} of the answer` }
  })
  const atSource: readonly Mask[] =
    rewritten === undefined ? [] : [{ match: 'column:values computed on', method: 'redact' }]
  const masked = [...fields, ...atSource]
  if (action === 'require-approval') return { ...decision, masks: masked }
  return { ...decision, action: masked.length > 0 ? 'mask-fields' : 'allow', masks: masked }
}

function situationOf({ identity, target, session, time, grants }: Facts): Situation {
  return {
    identity,
    target,
    zone: time.zone,
    atMs: Date.parse(time.utc),
    application: session.application,
    clientAddress: session.client_address,
    purpose: session.purpose,
    transaction: session.transaction,
    counters: session.counters,
    grants,
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
