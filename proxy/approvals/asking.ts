// Asks for approval, once for what is the same: a command that its sender repeats while it waits joins what
// waits already, and whoever logs in joins the request that they made ahead. Bounds how much one identity may
// have waiting.
import { hash } from 'node:crypto'
import { canonicalJson } from '../../engine/canonical.js'
import { stored } from '../state/state.js'
import type { Hold, HoldRequest } from './approvals.js'
import { identityKey } from './held-request.js'
import type { ApprovalsParts } from './holds.js'
import { APPROVAL_LIMITS } from './limits.js'
import { recorded, requested, tooMany } from './transitions.js'
import type { WaitingLine } from './waiting-line.js'

export type Asking = { readonly ask: (request: HoldRequest) => Promise<Hold> }

export function createAsking(
  parts: ApprovalsParts,
  gateway: string,
  line: WaitingLine,
  escalateLater: (id: string, atMs: number) => void,
): Asking {
  const perIdentity = new Map<string, number>()
  // Requests on their way into the store, by what they ask.
  const opening = new Map<string, Promise<Hold>>()
  const pendingMax = parts.limits.holdsPerIdentity

  const count = (key: string, by: 1 | -1): void => {
    const now = (perIdentity.get(key) ?? 0) + by
    if (now > 0) perIdentity.set(key, now)
    else perIdentity.delete(key)
  }

  const anew = async (key: string, request: HoldRequest): Promise<Hold> => {
    const now = parts.clock.now()
    const ahead = request.access === undefined ? undefined : await askedAhead(parts, request, now)
    if (ahead !== undefined) {
      const { id, expires_ms: expiresAtMs } = ahead
      const hold = line.open({ id, key, expiresAtMs, askedAhead: true }, request)
      await joined(parts, hold, request)
      // Settled while it was looked up.
      line.lookAt(id)
      return hold
    }
    const id = parts.randomId()
    await requested(parts, { id, gateway, now, request, pendingMax })
    const { expires_ms: expiresMs, escalate } = request.terms
    const hold = line.open({ id, key, expiresAtMs: now + expiresMs, askedAhead: false }, request)
    if (escalate !== undefined) escalateLater(id, now + escalate.after_ms)
    await line.tell(id)
    // For whoever looks on.
    await parts.state.announce(id).catch(() => undefined)
    return hold
  }

  const once = async (request: HoldRequest): Promise<Hold> => {
    const key = joinKey(request)
    for (;;) {
      const before = opening.get(key)
      if (before === undefined) break
      await before.catch(() => undefined)
    }
    const hold = line.join(key, request)
    if (hold !== undefined) {
      await joined(parts, hold, request)
      return hold
    }
    const asked = anew(key, request).finally(() => opening.delete(key))
    opening.set(key, asked)
    return asked
  }

  return {
    async ask(request) {
      if (line.size() >= APPROVAL_LIMITS.holds) throw tooMany(APPROVAL_LIMITS.holds)
      const identity = identityKey(request.requester)
      if ((perIdentity.get(identity) ?? 0) >= pendingMax) throw tooMany(pendingMax)
      count(identity, 1)
      try {
        const hold = await once(request)
        void hold.settled.then(() => count(identity, -1))
        return hold
      } catch (problem) {
        count(identity, -1)
        throw problem
      }
    },
  }
}

// Only where everything is the same that an approver was shown, and that was decided: a repeat that meets
// other rules asks for itself.
function joinKey({ requester, target, digest, terms, rules, text, access }: HoldRequest): string {
  const asked = { requester, target, digest, terms, rules, text, access: access ?? null }
  return hash('sha256', canonicalJson(asked))
}

async function joined(parts: ApprovalsParts, hold: Hold, request: HoldRequest): Promise<void> {
  const { session, command, digest } = request
  const by = identityKey(request.requester)
  try {
    await recorded(parts, { approval: hold.id, event: 'joined', session, command, by, digest })
  } catch (problem) {
    hold.abandon('it could not be recorded')
    throw problem
  }
}

async function askedAhead({ state }: ApprovalsParts, request: HoldRequest, now: number) {
  return stored(() =>
    state.db
      .selectFrom('sallyport_approvals')
      .select(['id', 'expires_ms'])
      .where('requester', '=', identityKey(request.requester))
      .where('digest', '=', request.digest)
      .where('gateway', '=', '')
      .where('status', '=', 'pending')
      .where('expires_ms', '>', now)
      .executeTakeFirst(),
  )
}
