// Who is signed in to the console: kept in this process alone, found by the digest of a random id that only
// the browser has. Ends when unused, when old, when its token ends or is revoked, and when told; then
// everything that hangs on it ends with it. Lengths of time are read from the clock that never goes back.
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { Identity } from '../identity/identity.js'
import { WEB_LIMITS } from './limits.js'

export type SignIn = {
  // For the header that shows that a request comes from our own pages.
  readonly csrf: string
  readonly identity: Identity
  // When the person last proved who they are, where the issuer says so.
  readonly authenticatedAtMs: number | undefined
  readonly acr: string | undefined
  // Told once, with the reason, when this sign-in ends. Gives back how to be told no longer.
  readonly onEnd: (listener: () => void) => () => void
}

export type SignedIn = {
  readonly identity: Identity
  readonly authenticatedAtMs: number | undefined
  readonly acr: string | undefined
  // A newer token for the same person, where the issuer gives them.
  readonly renew: (() => Promise<Identity>) | undefined
}

export type SignInEnd =
  'signed_out' | 'idle' | 'too_old' | 'expired' | 'revoked' | 'replaced' | 'crowded'

export type SignIns = {
  readonly open: (signedIn: SignedIn) => { readonly id: string; readonly signIn: SignIn }
  // With an id to use from now on where the old one has served long enough.
  readonly find: (
    id: string,
  ) => Promise<{ readonly signIn: SignIn; readonly nextId?: string } | undefined>
  readonly end: (id: string, why: SignInEnd) => void
  readonly count: () => number
  readonly close: () => void
}

export type SignInParts = {
  readonly clock: Clock
  readonly idleMs: number
  readonly absoluteMs: number
  readonly onEnd: (identity: Identity, why: SignInEnd) => void
}

type Open = {
  readonly csrf: string
  identity: Identity
  readonly signedIn: SignedIn
  readonly sinceUs: number
  usedUs: number
  idSinceUs: number
  // The digest in use, and the one before while requests with it may still be under way.
  digest: string
  before: { readonly digest: string; readonly untilUs: number } | undefined
  renewing: Promise<void> | undefined
  renewedUs: number
  readonly listeners: Set<() => void>
}

export function createSignIns(parts: SignInParts): SignIns {
  const { clock } = parts
  const byDigest = new Map<string, Open>()
  const all = new Set<Open>()

  const finish = (open: Open, why: SignInEnd): void => {
    if (!all.delete(open)) return
    byDigest.delete(open.digest)
    if (open.before !== undefined) byDigest.delete(open.before.digest)
    open.identity.release?.()
    for (const listener of [...open.listeners]) listener()
    open.listeners.clear()
    parts.onEnd(open.identity, why)
  }

  const overdue = (open: Open): SignInEnd | undefined => {
    const now = clock.monotonicUs()
    if (now - open.sinceUs > parts.absoluteMs * 1000) return 'too_old'
    if (now - open.usedUs > parts.idleMs * 1000) return 'idle'
    const standing = open.identity.standing(clock.now())
    if (standing.valid || standing.why === 'issuer_gone') return undefined
    if (standing.why === 'revoked') return 'revoked'
    return open.signedIn.renew === undefined ? 'expired' : undefined
  }

  const renewed = (open: Open): Promise<void> => {
    const { renew } = open.signedIn
    const now = clock.monotonicUs()
    const left = open.identity.expiresAtMs - clock.now()
    const tried = now - open.renewedUs < WEB_LIMITS.renewRetryMs * 1000
    if (renew === undefined || left > WEB_LIMITS.renewBeforeMs || tried) return Promise.resolve()
    open.renewing ??= (async () => {
      try {
        const identity = await renew()
        if (identity.key === open.identity.key && all.has(open)) {
          open.identity.release?.()
          open.identity = identity
        } else identity.release?.()
      } catch {
        // Tried again after a while; until the token ends nothing is lost.
        open.renewedUs = clock.monotonicUs()
      } finally {
        open.renewing = undefined
      }
    })()
    return open.renewing
  }

  const sweep = (): void => {
    for (const open of all) {
      const why = overdue(open)
      if (why !== undefined) finish(open, why)
      else if (open.before !== undefined && open.before.untilUs < clock.monotonicUs()) {
        byDigest.delete(open.before.digest)
        open.before = undefined
      }
    }
  }
  const sweeping = setInterval(sweep, WEB_LIMITS.sweepMs).unref()

  const rotated = (open: Open): string => {
    if (open.before !== undefined) byDigest.delete(open.before.digest)
    const now = clock.monotonicUs()
    open.before = { digest: open.digest, untilUs: now + WEB_LIMITS.oldIdMs * 1000 }
    const id = newId()
    open.digest = digestOf(id)
    open.idSinceUs = now
    byDigest.set(open.digest, open)
    return id
  }

  return {
    open: (signedIn) => {
      const own = [...all].filter(({ identity }) => identity.key === signedIn.identity.key)
      if (own.length >= WEB_LIMITS.signInsPerPerson && own[0] !== undefined) {
        finish(own[0], 'crowded')
      }
      const [oldest] = all
      if (all.size >= WEB_LIMITS.signIns && oldest !== undefined) finish(oldest, 'crowded')
      const id = newId()
      const now = clock.monotonicUs()
      const open: Open = {
        csrf: newId(),
        identity: signedIn.identity,
        signedIn,
        sinceUs: now,
        usedUs: now,
        idSinceUs: now,
        digest: digestOf(id),
        before: undefined,
        renewing: undefined,
        renewedUs: -Infinity,
        listeners: new Set(),
      }
      all.add(open)
      byDigest.set(open.digest, open)
      return { id, signIn: signInOf(open) }
    },
    find: async (id) => {
      const digest = digestOf(id)
      const open = byDigest.get(digest)
      if (open === undefined) return undefined
      const now = clock.monotonicUs()
      if (open.before?.digest === digest && open.before.untilUs < now) return undefined
      let why = overdue(open)
      if (why === undefined) {
        await renewed(open)
        why = overdue(open)
        if (why === undefined && !open.identity.standing(clock.now()).valid) {
          if (open.identity.expiresAtMs <= clock.now()) why = 'expired'
        }
      }
      if (why !== undefined) {
        finish(open, why)
        return undefined
      }
      open.usedUs = now
      const signIn = signInOf(open)
      const due = now - open.idSinceUs > WEB_LIMITS.idMs * 1000
      return open.digest === digest && due ? { signIn, nextId: rotated(open) } : { signIn }
    },
    end: (id, why) => {
      const open = byDigest.get(digestOf(id))
      if (open !== undefined) finish(open, why)
    },
    count: () => all.size,
    close: () => {
      clearInterval(sweeping)
      for (const open of [...all]) finish(open, 'signed_out')
    },
  }
}

function signInOf(open: Open): SignIn {
  const { csrf, identity, listeners } = open
  const { authenticatedAtMs, acr } = open.signedIn
  return {
    csrf,
    identity,
    authenticatedAtMs,
    acr,
    onEnd: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function newId(): string {
  return randomBytes(32).toString('base64url')
}

function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
