// From the claims of a verified token to the identity that policies see. The issuer has signed them,
// and still every shape is checked: a `groups` that is a string would match by substring somewhere.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { GatewayError } from '../errors.js'
import type { IssuerSettings, Kind } from './identity.js'
import { IDENTITY_LIMITS } from './limits.js'
import { isObject, type JsonObject } from './strict-json.js'

// Values of `amr` (RFC 8176) and `acr` that say that more than one factor was used.
const MULTI_FACTOR = new Set([
  'mfa',
  // OpenID Connect EAP ACR Values 1.0: resistant to phishing, in software and in hardware.
  'phr',
  'phrh',
  'https://refeds.org/profile/mfa',
  'http://schemas.openid.net/pape/policies/2007/06/multi-factor',
])

export function identityOf(claims: JsonObject, settings: IssuerSettings): IdentityFacts {
  const subject = subjectOf(claims['sub'])
  const actor = actorsOf(claims['act'])
  return {
    subject,
    issuer: settings.issuer,
    name: nameFrom(claimAt(claims, settings.claims.name)) ?? subject,
    kind: kindOf(claimAt(claims, settings.claims.kind), actor.length > 0, settings.defaultKind),
    groups: groupsOf(claimAt(claims, settings.claims.groups)),
    actor,
    claims: forwardedOf(claims, settings.claims.forward),
    mfa: hasMultiFactor(claimAt(claims, settings.claims.mfa)),
  }
}

// Issuer and subject: a subject is unique within its issuer alone (OpenID Connect Core 5.7).
export function identityKey(facts: Pick<IdentityFacts, 'issuer' | 'subject'>): string {
  return JSON.stringify([facts.issuer, facts.subject])
}

// A claim by its exact name, or by a JSON pointer where the name starts with a slash (RFC 6901).
export function claimAt(claims: JsonObject, name: string): unknown {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined
  let value: unknown = claims
  for (const step of name.slice(1).split('/')) {
    const member = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isObject(value) || !Object.hasOwn(value, member)) return undefined
    value = value[member]
  }
  return value
}

function subjectOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new GatewayError('token_invalid', 'the token names no subject')
  }
  if (value.length > IDENTITY_LIMITS.subjectCharacters || !isPrintable(value)) {
    throw new GatewayError('token_invalid', 'the token’s subject is too long or not printable')
  }
  return value
}

// Control characters would act on an approver's terminal; lone surrogates make two different texts
// equal once they are UTF-8.
function isPrintable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)
}

function nameFrom(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || !isPrintable(value)) return undefined
  return value.length > IDENTITY_LIMITS.nameCharacters ? undefined : value
}

function kindOf(value: unknown, acting: boolean, otherwise: Kind): Kind {
  if (value === 'human' || value === 'agent' || value === 'pipeline') return value
  if (value !== undefined) {
    throw new GatewayError('token_invalid', 'the token’s kind is not human, agent or pipeline')
  }
  // Somebody acts for the subject: that is not the person at the keyboard.
  return acting && otherwise === 'human' ? 'agent' : otherwise
}

function groupsOf(value: unknown): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    throw new GatewayError('token_invalid', 'the token’s groups are not an array of texts')
  }
  if (value.length > IDENTITY_LIMITS.groups) {
    throw new GatewayError('token_invalid', 'the token names too many groups')
  }
  const groups = value.map((group: unknown) => {
    const sound = typeof group === 'string' && group !== '' && isPrintable(group)
    if (!sound || group.length > IDENTITY_LIMITS.groupCharacters) {
      throw new GatewayError('token_invalid', 'the token’s groups are not an array of texts')
    }
    return group
  })
  return [...new Set(groups)].sort()
}

// RFC 8693 §4.1: the outermost `act` is the current actor, those within acted before it.
function actorsOf(value: unknown): IdentityFacts['actor'] {
  const actors: { subject: string; issuer?: string }[] = []
  for (let act = value; act !== undefined;) {
    if (!isObject(act) || actors.length === IDENTITY_LIMITS.actors) {
      throw new GatewayError('token_invalid', 'the token’s chain of actors cannot be read')
    }
    const issuer = act['iss']
    if (issuer !== undefined && typeof issuer !== 'string') {
      throw new GatewayError('token_invalid', 'the token’s chain of actors cannot be read')
    }
    actors.push({ subject: subjectOf(act['sub']), ...(issuer === undefined ? {} : { issuer }) })
    act = act['act']
  }
  return actors
}

function forwardedOf(claims: JsonObject, names: readonly string[]): Record<string, string> {
  const forwarded = names.flatMap((name): [string, string][] => {
    const value = claimAt(claims, name)
    if (value === undefined || value === null) return []
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (text.length > IDENTITY_LIMITS.forwardedCharacters) {
      throw new GatewayError('token_invalid', `the token’s claim ${name} is too long to hand on`)
    }
    return [[name, text]]
  })
  return Object.fromEntries(forwarded)
}

function hasMultiFactor(value: unknown): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.some((one) => typeof one === 'string' && MULTI_FACTOR.has(one))
}
