// Who is calling: takes the caller's token, as the password (55.2.1) or by SASL OAUTHBEARER (RFC 7628,
// 55.3.3), and has it verified. The answer to a bad token says what to do and never repeats it.
import { GatewayError } from '../../errors.js'
import type { Identity, Verify } from '../../identity/identity.js'
import type { Inbox } from './inbox.js'
import type { StartupRefusal } from './startup-parameters.js'
import { int32At, message, stringEnd, textOf } from './wire-bytes.js'

export type Caller = {
  readonly inbox: Inbox
  readonly write: (bytes: Uint8Array) => void
  readonly user: string
  readonly encrypted: boolean
  readonly loopback: boolean
}

export type AuthenticateOptions = {
  readonly verify: Verify
  // How the token is asked for: a client cannot be offered both.
  readonly method: 'password' | 'oauthbearer'
  // Whether a token may come without TLS; only ever from loopback.
  readonly plaintext: 'never' | 'loopback'
  // Where OAUTHBEARER clients find their issuer.
  readonly issuer: string
}

export type Authenticated = { readonly identity: Identity } | StartupRefusal

// Larger than any token an issuer should give out.
const TOKEN_MESSAGE_BYTES_MAX = 65_536

const ASK_PASSWORD = message('R', Buffer.of(0, 0, 0, 3))
const OFFER_OAUTHBEARER = message('R', Buffer.of(0, 0, 0, 10), 'OAUTHBEARER', Buffer.of(0))

// These stand for “whoever the token says”.
const ANYBODY = new Set(['sallyport', 'token'])

export async function authenticated(
  caller: Caller,
  options: AuthenticateOptions,
): Promise<Authenticated> {
  if (!caller.encrypted && !(caller.loopback && options.plaintext === 'loopback')) {
    return {
      sqlstate: '28000',
      message: 'a token is taken over TLS only',
      hint: 'Connect with sslmode=require or stronger.',
    }
  }
  const token =
    options.method === 'password' ? await askedPassword(caller) : await askedBearer(caller, options)
  if (typeof token !== 'string') return token
  try {
    const identity = await options.verify(token)
    if (fits(caller.user, identity)) return { identity }
    identity.release?.()
    return otherName(caller.user, identity)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    if (problem.code === 'issuer_unreachable') {
      return {
        sqlstate: '58000',
        message: 'the token cannot be checked now: its issuer does not answer',
        hint: 'Try again in a while.',
      }
    }
    return invalid(problem.message)
  }
}

async function askedPassword(caller: Caller): Promise<string | StartupRefusal> {
  caller.write(ASK_PASSWORD)
  const { type, body } = await caller.inbox.message(TOKEN_MESSAGE_BYTES_MAX)
  const end = stringEnd(body, 0, body.length)
  if (type !== 'p' || end !== body.length - 1) {
    return { sqlstate: '08P01', message: 'expected the token in a password message' }
  }
  const token = textOf(body, 0, end) ?? ''
  if (token === '') return invalid('the password is empty')
  return token
}

async function askedBearer(
  caller: Caller,
  options: AuthenticateOptions,
): Promise<string | StartupRefusal> {
  caller.write(OFFER_OAUTHBEARER)
  const { type, body } = await caller.inbox.message(TOKEN_MESSAGE_BYTES_MAX)
  const nameEnd = stringEnd(body, 0, body.length)
  const mechanism = nameEnd < 0 ? undefined : textOf(body, 0, nameEnd)
  if (type !== 'p' || mechanism !== 'OAUTHBEARER' || body.length < nameEnd + 5) {
    return { sqlstate: '08P01', message: 'expected a SASL OAUTHBEARER response' }
  }
  const length = int32At(body, nameEnd + 1)
  const response = textOf(body, nameEnd + 5, body.length) ?? ''
  if (length !== body.length - nameEnd - 5) {
    return { sqlstate: '08P01', message: 'a malformed SASL response' }
  }
  // RFC 7628, 3.1: gs2 header, then key=value pairs, each ended by ^A, and one more ^A.
  const found =
    /^[ny],[^,]*,\u0001(?:(?!auth=)[A-Za-z]+=[^\u0001]*\u0001)*auth=([^\u0001]*)\u0001(?:[A-Za-z]+=[^\u0001]*\u0001)*\u0001$/.exec(
      response,
    )
  if (found === null) return { sqlstate: '08P01', message: 'a malformed OAUTHBEARER message' }
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(found[1] ?? '')?.[1]
  return token ?? discovery(caller, options)
}

// The client has no token yet: it learns where to get one, and comes again (RFC 7628, 3.2.2).
async function discovery(caller: Caller, options: AuthenticateOptions): Promise<StartupRefusal> {
  const status = JSON.stringify({
    status: 'invalid_token',
    'openid-configuration': `${options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    scope: 'openid',
  })
  caller.write(message('R', Buffer.of(0, 0, 0, 11), Buffer.from(status)))
  await caller.inbox.message(TOKEN_MESSAGE_BYTES_MAX)
  return invalid('no token was sent')
}

function fits(user: string, { facts }: Identity): boolean {
  return user === facts.name || ANYBODY.has(user)
}

function otherName(user: string, { facts }: Identity): StartupRefusal {
  return {
    sqlstate: '28000',
    message: `the token is not ${quoted(user)}’s`,
    hint: `Connect as user ${quoted(facts.name)}, or as “sallyport” for whoever the token says.`,
  }
}

function invalid(why: string): StartupRefusal {
  return {
    sqlstate: '28P01',
    message: `the token was not accepted: ${why}`,
    hint: 'The password is a token of your identity provider: sallyport token prints one.',
  }
}

function quoted(name: string): string {
  return `“${name.replaceAll(/[^\p{L}\p{N}@._+ -]/gu, '?').slice(0, 64)}”`
}
