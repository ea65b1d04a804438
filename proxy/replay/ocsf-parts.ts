// What events of the Open Cybersecurity Schema Framework (OCSF 1.5) have in common: their head, where they come
// from, people and endpoints.
import { isIP } from 'node:net'
import type { IdentityFacts } from '../../engine/schemas/facts.js'

export const OCSF_VERSION = '1.5.0'

export type OcsfEvent = Readonly<Record<string, unknown>>

export type Kind = {
  readonly uid: number
  readonly name: string
  readonly category: number
  readonly categoryName: string
}

export const APPLICATION = { category: 6, categoryName: 'Application Activity' } as const

export const PRODUCT = { name: 'Sallyport', vendor_name: 'Sallyport' } as const

export const SEVERITIES = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High' } as const

export type Severity = keyof typeof SEVERITIES

export type Told = { readonly seq: number; readonly time: number }

export function headOf(
  kind: Kind,
  activity: number,
  name: string,
  { time }: Told,
  severity: Severity,
) {
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

export function metadataOf(
  seq: number,
  uid: string,
  session?: string,
  profiles: readonly string[] = [],
) {
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

export const KINDS: Readonly<Record<string, readonly [number, string]>> = {
  human: [1, 'User'],
  agent: [3, 'System'],
  pipeline: [3, 'System'],
}

export function userOf(identity: Partial<IdentityFacts> | undefined) {
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

export function endpointOf(address: string | undefined) {
  if (address === undefined || address === '') return { name: 'unknown' }
  return isIP(address) === 0 ? { name: address } : { ip: address }
}
