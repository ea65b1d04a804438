// Record lines as OCSF events, for a SIEM: logins are Authentication (3002), what people and the gateway decide
// API Activity (6003), incidents Detection Finding (2004), starts and stops Application Lifecycle (6002).
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import {
  APPLICATION,
  endpointOf,
  headOf,
  metadataOf,
  PRODUCT,
  userOf,
  type Kind,
  type OcsfEvent,
  type Severity,
  type Told,
} from './ocsf-parts.js'

const AUTHENTICATION: Kind = {
  uid: 3002,
  name: 'Authentication',
  category: 3,
  categoryName: 'Identity & Access Management',
}

const API: Kind = { uid: 6003, name: 'API Activity', ...APPLICATION }

const LIFECYCLE: Kind = { uid: 6002, name: 'Application Lifecycle', ...APPLICATION }

const FINDING: Kind = {
  uid: 2004,
  name: 'Detection Finding',
  category: 2,
  categoryName: 'Findings',
}

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
