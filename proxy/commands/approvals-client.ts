// The gateway's approvals API as the command line calls it. What comes back is checked before it is used,
// and made printable before it reaches a terminal.
import { GatewayError, ERRORS, type ErrorCode } from '../errors.js'
import { isAcceptableUrl } from '../loopback.js'
import { validToken } from './client-token.js'
import type { Io } from './io.js'

export type Remote = {
  readonly url: string
  readonly token: string
}

export const DEFAULT_URL = 'http://127.0.0.1:8470'
const ANSWER_MS = 20_000
const ANSWER_BYTES_MAX = 16 << 20

export async function remoteOf(
  io: Io,
  given: { readonly url?: string | undefined; readonly token?: string | undefined },
): Promise<Remote> {
  const url = (given.url ?? io.env['SALLYPORT_URL'] ?? DEFAULT_URL).replace(/\/+$/, '')
  if (!isAcceptableUrl(url)) {
    throw new GatewayError('usage', `${printable(url)} is neither an https URL nor on loopback`)
  }
  const token = given.token ?? io.env['SALLYPORT_TOKEN']
  return { url, token: token === undefined || token === '' ? await validToken(io) : token.trim() }
}

export async function asked(
  { url, token }: Remote,
  path: string,
  body?: Readonly<Record<string, unknown>>,
  method: 'GET' | 'POST' | 'DELETE' = body === undefined ? 'GET' : 'POST',
): Promise<unknown> {
  const response = await sent(url, path, token, method, body)
  const answer = parsed(await bounded(response))
  if (response.ok) return answer
  throw refusal(response.status, answer)
}

async function sent(
  url: string,
  path: string,
  token: string,
  method: 'GET' | 'POST' | 'DELETE',
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, {
      method,
      // The token goes to the gateway that was named, and nowhere that it points to.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
  } catch (cause) {
    throw new GatewayError(
      'not_found',
      `no gateway answers at ${url}; is it running? --url names another`,
      { cause },
    )
  }
}

async function bounded(response: Response): Promise<string> {
  const text = await response.text()
  if (text.length > ANSWER_BYTES_MAX) throw new GatewayError('limit_exceeded', 'a huge answer')
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('not_found', 'what answers there is no Sallyport gateway', { cause })
  }
}

function refusal(status: number, answer: unknown): GatewayError {
  const detail = textOf(answer, 'detail') || `the gateway answered with status ${status}`
  const code = textOf(answer, 'code')
  return new GatewayError(isErrorCode(code) ? code : 'conflict', detail)
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}

export function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name)
  if (typeof member === 'number' || typeof member === 'boolean') return String(member)
  return typeof member === 'string' ? printable(member).replaceAll('\n', ' ') : ''
}

export function linesOf(value: unknown, name: string): readonly string[] {
  const member = memberOf(value, name)
  return typeof member === 'string' ? printable(member).split('\n') : []
}

export function textsOf(value: unknown, name: string): readonly string[] {
  return listOf(value, name).map((text) => textOf({ text }, 'text'))
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name)
  return Array.isArray(member) ? member : []
}

// Another's words on my terminal: no control sequences, no direction marks; line ends stay.
export function printable(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]/gu, '\uFFFD')
}
