// A command with its decision and outcome as an OCSF event: Datastore Activity (6005) with the profile
// security_control.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Effect, Facts, IdentityFacts } from '../../engine/schemas/facts.js'
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'
import {
  APPLICATION,
  endpointOf,
  headOf,
  metadataOf,
  userOf,
  type Kind,
  type OcsfEvent,
} from './ocsf-parts.js'

const DATASTORE: Kind = { uid: 6005, name: 'Datastore Activity', ...APPLICATION }

export type CommandEvent = {
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly command: number
  readonly text: string
  readonly redacted: boolean
  readonly rewritten?: string
  readonly go: boolean
  readonly refusal?: string
  readonly approval?: string
  readonly bundle: string
  readonly facts?: Facts
  readonly decision?: Decision
}

export function commandEvent(command: CommandEvent, outcome?: RecordedOutcome): OcsfEvent {
  const { facts, decision, go } = command
  const effects = facts?.command?.effects ?? []
  const [activity, activityName] = activityOf(effects, facts?.command?.postgres.tag)
  const status = statusOf(go, outcome)
  const ms = outcome?.duration_us === undefined ? undefined : Math.round(outcome.duration_us / 1000)
  const rules = decision?.rules ?? []
  const uid = `${command.session}/${command.command}`
  return {
    ...headOf(DATASTORE, activity, activityName, command, go ? 1 : 3),
    metadata: metadataOf(command.seq, uid, command.session, ['security_control']),
    message: go ? rules[0]?.message : (command.refusal ?? rules[0]?.message),
    ...status,
    ...(outcome?.sqlstate === undefined ? {} : { status_code: outcome.sqlstate }),
    ...(ms === undefined ? {} : { duration: ms, end_time: command.time + ms }),
    actor: actorOf(facts?.identity, command.session),
    src_endpoint: endpointOf(facts?.session.client_address),
    dst_endpoint: { name: facts?.target.name ?? 'unknown', type: 'Server', type_id: 1 },
    database: {
      name: facts?.target.database ?? 'unknown',
      type: 'Relational',
      type_id: 1,
    },
    ...tableOf(effects),
    query_info: {
      uid,
      query_string: command.text,
      ...(outcome?.bytes === undefined ? {} : { bytes: outcome.bytes }),
    },
    ...controlOf(command),
    policy: { name: 'sallyport', uid: command.bundle, is_applied: true },
    ...(rules[0] === undefined
      ? {}
      : { firewall_rule: { uid: rules[0].id, name: rules[0].id, desc: rules[0].message } }),
    unmapped: unmappedOf(command, outcome),
  }
}

function statusOf(go: boolean, outcome: RecordedOutcome | undefined) {
  if (!go) return { status_id: 2, status: 'Failure', status_detail: 'refused' }
  if (outcome === undefined) return { status_id: 0, status: 'Unknown' }
  const { result } = outcome
  if (result === 'done') return { status_id: 1, status: 'Success' }
  if (result === 'unknown') return { status_id: 0, status: 'Unknown', status_detail: result }
  return { status_id: 2, status: 'Failure', status_detail: result }
}

// From what changes most to what changes nothing.
const ACTIVITIES: readonly (readonly [number, string, readonly Effect['op'][]])[] = [
  [7, 'Delete', ['delete', 'truncate', 'drop']],
  [2, 'Update', ['update', 'alter', 'grant', 'revoke']],
  [6, 'Create', ['create']],
  [5, 'Write', ['insert', 'copy_in']],
  [4, 'Query', ['read', 'copy_out', 'explain']],
]

function activityOf(effects: readonly Effect[], tag = ''): readonly [number, string] {
  for (const [id, name, operations] of ACTIVITIES) {
    if (effects.some(({ op }) => operations.includes(op))) return [id, name]
  }
  return [99, tag === '' ? 'Other' : tag]
}

function tableOf(effects: readonly Effect[]): OcsfEvent {
  const found = effects.find(({ kind }) => kind === 'table' || kind === 'view')
  return found === undefined ? {} : { table: { name: found.object } }
}

function controlOf({ go, decision, approval }: CommandEvent) {
  if (!go) return { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' }
  const masks = decision?.action === 'mask-fields' || (decision?.masks.length ?? 0) > 0
  const action = masks ? { action_id: 4, action: 'Modified' } : { action_id: 1, action: 'Allowed' }
  return approval === undefined
    ? { ...action, disposition_id: 1, disposition: 'Allowed' }
    : { ...action, disposition_id: 8, disposition: 'Approved' }
}

function unmappedOf(command: CommandEvent, outcome: RecordedOutcome | undefined): OcsfEvent {
  const { facts, decision, redacted, rewritten, approval, refusal } = command
  return {
    decision: decision?.action ?? 'unknown',
    rules: decision?.rules.map(({ id }) => id) ?? [],
    redacted,
    ...(rewritten === undefined ? {} : { rewritten }),
    ...(approval === undefined ? {} : { approval }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(facts?.command === undefined
      ? {}
      : { effects: facts.command.effects, flows: facts.command.flows }),
    ...(outcome === undefined
      ? {}
      : { result: outcome.result, rows: outcome.rows, masked: outcome.masked, tag: outcome.tag }),
  }
}

function actorOf(identity: Partial<IdentityFacts> | undefined, session: string) {
  const [first] = identity?.actor ?? []
  return {
    user: userOf(identity),
    session: {
      uid: session,
      ...(identity?.issuer === undefined ? {} : { issuer: identity.issuer }),
    },
    ...(first === undefined ? {} : { invoked_by: first.subject }),
  }
}
