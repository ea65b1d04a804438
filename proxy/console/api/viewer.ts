// Who is signed in here, and what the policies let them do. Everything that is shown is decided by the
// gateway; this only says which buttons make sense.
import { signal } from '@preact/signals'
import { ApiProblem, call, rememberSession, whenSignedOut } from './call.js'
import { listen, stopListening } from './live.js'

export type Viewer = {
  readonly subject: string
  readonly issuer: string
  readonly name: string
  readonly kind: string
  readonly groups: readonly string[]
  readonly expires_at: string
  readonly csrf: string
  readonly may: {
    readonly review: boolean
    readonly operate: boolean
    readonly auditors: boolean
    // Absent: the gateway is older than the page; it decides all the same.
    readonly search?: boolean
    readonly policies?: boolean
    readonly health?: boolean
    readonly try_others?: boolean
  }
}

export type SignIn =
  | { readonly state: 'asking' }
  | { readonly state: 'in'; readonly viewer: Viewer }
  // `before`: was signed in, and is no longer.
  | { readonly state: 'out'; readonly before: boolean }
  | { readonly state: 'failed'; readonly words: string }

export const signIn = signal<SignIn>({ state: 'asking' })

export async function askWho(): Promise<void> {
  whenSignedOut(() => {
    const before = signIn.peek().state === 'in'
    stopListening()
    signIn.value = { state: 'out', before }
  })
  try {
    const viewer = await call<Viewer>('/api/me')
    rememberSession(viewer.csrf)
    signIn.value = { state: 'in', viewer }
    listen()
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 401) return
    const words = problem instanceof Error ? problem.message : String(problem)
    signIn.value = { state: 'failed', words }
  }
}

export async function signOut(): Promise<void> {
  stopListening()
  await call('/auth/logout', { method: 'POST' }).catch(() => undefined)
  signIn.value = { state: 'out', before: false }
}

export function viewer(): Viewer | undefined {
  const now = signIn.value
  return now.state === 'in' ? now.viewer : undefined
}
