// Record lines as events of the Open Cybersecurity Schema Framework (OCSF 1.5), for a SIEM: logins are
// Authentication (3002), commands Datastore Activity (6005) with the security_control profile, what people
// and the gateway decide API Activity (6003), incidents Detection Finding (2004), starts and stops
// Application Lifecycle (6002).
import { isIP } from 'node:net'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Effect, Facts, IdentityFacts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'

export const OCSF_VERSION = '1.5.0'

export type OcsfEvent = Readonly<Record<string, unknown>>

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

type Kind = {
  readonly uid: number
  readonly name: string
  readonly category: number
  readonly categoryName: string
}
const AUTHENTICATION: Kind = {
  uid: 3002,
  name: 'Authentication',
  category: 3,
  categoryName: 'Identity & Access Management',
}
const APPLICATION = { category: 6, categoryName: 'Application Activity' } as const
const DATASTORE: Kind = { uid: 6005, name: 'Datastore Activity', ...APPLICATION }
const API: Kind = { uid: 6003, name: 'API Activity', ...APPLICATION }
const LIFECYCLE: Kind = { uid: 6002, name: 'Application Lifecycle', ...APPLICATION }
const FINDING: Kind = {
  uid: 2004,
  name: 'Detection Finding',
  category: 2,
  categoryName: 'Findings',
}

const PRODUCT = { name: 'Sallyport', vendor_name: 'Sallyport' } as const
const SEVERITIES = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High' } as const
type Severity = keyof typeof SEVERITIES

// undefined: nothing a SIEM would ask for.
export function ocsfEvent(line: RecordLine): OcsfEvent | undefined {
  switch (line.kind) {
    case 'session':
      return sessionEvent(line)
    case 'approval':
      return approvalEvent(line)
    case 'bundle':
      return bundleEvent(line)
    case 'incident':
      return incidentEvent(line)
    case 'gateway':
      return gatewayEvent(line)
    default:
      return undefined
  }
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

type Told = { readonly seq: number; readonly time: number }

function headOf(kind: Kind, activity: number, name: string, { time }: Told, severity: Severity) {
  return {
    class_uid: kind.uid,
    class_name: kind.name,
    category_uid: kind.category,
    category_name: kind.categoryName,
    activity_id: activity,
    activity_name: name,
    type_uid: kind.uid * 100 + activity,
    type_name: `${kind.name}: ${name}`,
    time,
    severity_id: severity,
    severity: SEVERITIES[severity],
  }
}

function metadataOf(seq: number, uid: string, session?: string, profiles: readonly string[] = []) {
  return {
    version: OCSF_VERSION,
    product: PRODUCT,
    uid,
    sequence: seq,
    log_name: 'sallyport record',
    ...(session === undefined ? {} : { correlation_uid: session }),
    ...(profiles.length === 0 ? {} : { profiles }),
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

const KINDS: Readonly<Record<string, readonly [number, string]>> = {
  human: [1, 'User'],
  agent: [3, 'System'],
  pipeline: [3, 'System'],
}

function userOf(identity: Partial<IdentityFacts> | undefined) {
  const { subject = 'unknown', name = '', kind = '', groups = [], mfa } = identity ?? {}
  const [typeId, type] = KINDS[kind] ?? [0, 'Unknown']
  return {
    uid: subject,
    name: name === '' ? subject : name,
    type_id: typeId,
    type,
    ...(identity?.issuer === undefined ? {} : { domain: identity.issuer }),
    ...(groups.length === 0 ? {} : { groups: groups.map((group) => ({ name: group })) }),
    ...(mfa === undefined ? {} : { has_mfa: mfa }),
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

function endpointOf(address: string | undefined) {
  if (address === undefined || address === '') return { name: 'unknown' }
  return isIP(address) === 0 ? { name: address } : { ip: address }
}

function sessionEvent(line: Extract<RecordLine, { kind: 'session' }>): OcsfEvent {
  const { session, event, target, client_address: address, reason } = line
  const [activity, name] = event === 'closed' ? [2, 'Logoff'] : [1, 'Logon']
  const refused = event === 'refused'
  const identity: Partial<IdentityFacts> = { ...line.identity }
  return {
    ...headOf(AUTHENTICATION, activity as number, name as string, line, refused ? 3 : 1),
    metadata: metadataOf(line.seq, `${session}/${event}`, session),
    user: userOf(identity),
    session: { uid: session },
    service: { name: target ?? 'sallyport' },
    ...(address === undefined ? {} : { src_endpoint: endpointOf(address) }),
    auth_protocol_id: 4,
    auth_protocol: 'OpenID',
    is_remote: true,
    status_id: refused ? 2 : 1,
    status: refused ? 'Failure' : 'Success',
    ...(reason === undefined ? {} : { status_detail: reason }),
  }
}

function apiEvent(
  line: Told,
  operation: string,
  by: string | undefined,
  more: { readonly uid: string; readonly session?: string; readonly severity?: Severity },
): OcsfEvent {
  return {
    ...headOf(API, 99, operation, line, more.severity ?? 1),
    metadata: metadataOf(line.seq, more.uid, more.session),
    actor: by === undefined ? { app_name: 'sallyport' } : { user: { name: by, uid: by } },
    api: { operation, service: { name: 'sallyport' } },
    src_endpoint: { name: 'unknown' },
  }
}

function approvalEvent(line: Extract<RecordLine, { kind: 'approval' }>): OcsfEvent {
  const { approval, event, by, reason, session, command } = line
  const more = {
    uid: `${approval}/${event}/${line.seq}`,
    ...(session === undefined ? {} : { session }),
  }
  return {
    ...apiEvent(line, `approval.${event}`, by, more),
    ...(reason === undefined || reason === '' ? {} : { message: reason }),
    unmapped: { approval, ...(command === undefined ? {} : { command }) },
  }
}

function bundleEvent(line: Extract<RecordLine, { kind: 'bundle' }>): OcsfEvent {
  const { event, by, reason, bundle, revision, slot, step } = line
  const severity = event === 'refused' ? 3 : 1
  return {
    ...apiEvent(line, `policy.${event}`, by, { uid: `policy/${line.seq}`, severity }),
    ...(reason === undefined ? {} : { message: reason }),
    status_id: event === 'refused' ? 2 : 1,
    status: event === 'refused' ? 'Failure' : 'Success',
    unmapped: { bundle, revision, slot, step },
  }
}

function incidentEvent(line: Extract<RecordLine, { kind: 'incident' }>): OcsfEvent {
  const { event, detail, session, command } = line
  const uid = `incident/${line.seq}`
  return {
    ...headOf(FINDING, 1, 'Create', line, 4),
    metadata: metadataOf(line.seq, uid, session),
    finding_info: { uid, title: event, ...(detail === undefined ? {} : { desc: detail }) },
    ...(detail === undefined ? {} : { message: detail }),
    unmapped: { session, command },
  }
}

const LIFECYCLES: Readonly<Record<string, readonly [number, string]>> = {
  started: [3, 'Start'],
  stopped: [4, 'Stop'],
}

function gatewayEvent(line: Extract<RecordLine, { kind: 'gateway' }>): OcsfEvent | undefined {
  if (line.event === 'segment') return undefined
  const [id, name] = LIFECYCLES[line.event] ?? [99, line.event]
  return {
    ...headOf(LIFECYCLE, id, name, line, line.event === 'resumed' ? 3 : 1),
    metadata: metadataOf(line.seq, `gateway/${line.seq}`),
    app: { ...PRODUCT, ...(line.version === undefined ? {} : { version: line.version }) },
    ...(line.detail === undefined ? {} : { message: line.detail }),
  }
}
