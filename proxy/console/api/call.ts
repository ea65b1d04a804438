// One way to ask the gateway: same origin, the session's cookie, JSON, and for whatever changes something
// the token against forged requests. What goes wrong is said in words that a person can act on.

export class ApiProblem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, words: string) {
    super(words)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
  }
}

// Set once it is known who is signed in.
let csrf = ''
let signedOut: () => void = () => undefined

export function rememberSession(token: string): void {
  csrf = token
}

export function whenSignedOut(tell: () => void): void {
  signedOut = tell
}

export type Ask = {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
}

// The caller says what it expects: the answers are those that `/api/openapi.json` describes.
export async function call<Answer>(path: string, ask: Ask = {}): Promise<Answer> {
  const { method = 'GET', body, signal } = ask
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(method === 'GET' ? {} : { 'x-csrf-token': csrf }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch (problem) {
    if (signal?.aborted === true) throw problem
    throw new ApiProblem(0, 'unreachable', 'The gateway does not answer. Is it running?')
  }
  const answer = await jsonOf(response)
  if (response.ok) return answer as Answer
  if (response.status === 401) signedOut()
  const { detail, title, code } = answer as Partial<Record<'detail' | 'title' | 'code', string>>
  throw new ApiProblem(
    response.status,
    code ?? '',
    sentence(detail ?? title ?? statusWords(response)),
  )
}

function statusWords({ status }: Response): string {
  return `The gateway answered with HTTP status ${status}.`
}

async function jsonOf(response: Response): Promise<object> {
  const text = await response.text()
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function sentence(words: string): string {
  const start = `${words.charAt(0).toUpperCase()}${words.slice(1)}`
  return /[.!?]$/.test(start) ? start : `${start}.`
}
