// Does a token in use still stand? Asks the issuer (RFC 7662) in the background about each token that a
// session holds, so that the question before every command is a look at a number. An answer that is
// too old is no answer; while the issuer cannot be reached, a configured grace holds, then nothing.
import * as client from 'openid-client'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { IssuerSettings } from './identity.js'
import { unreachable, type Discover } from './issuer.js'
import { IDENTITY_LIMITS } from './limits.js'

export type TokenWatch = {
  readonly state: (nowMs: number) => 'valid' | 'revoked' | 'unknown'
  readonly release: () => void
}

export type TokenWatcher = {
  // Asks once before it resolves; throws where the token does not stand or nobody can say so.
  readonly watch: (hash: string, token: string, expiresAtMs: number) => Promise<TokenWatch>
  readonly watched: () => number
  // Asks on for those that are held, and ends with the last of them.
  readonly retire: () => void
  readonly close: () => void
}

export type WatchTimes = {
  readonly everyMs: number
  readonly retryMs: number
  readonly staleMs: number
  readonly tickMs: number
}

const TIMES: WatchTimes = {
  everyMs: IDENTITY_LIMITS.introspectEveryMs,
  retryMs: IDENTITY_LIMITS.introspectRetryMs,
  staleMs: IDENTITY_LIMITS.introspectStaleMs,
  tickMs: IDENTITY_LIMITS.introspectTickMs,
}

type Watched = {
  readonly token: string
  readonly expiresAtMs: number
  holders: number
  revoked: boolean
  failed: boolean
  askedAtMs: number
  confirmedAtMs: number
  asking: Promise<void> | undefined
}

export function tokenWatcher(
  settings: IssuerSettings,
  discover: Discover,
  clock: Clock,
  times: WatchTimes = TIMES,
): TokenWatcher {
  const watched = new Map<string, Watched>()
  let configuration: Promise<client.Configuration> | undefined
  let parallel = 0
  let retired = false
  // When the issuer last answered about any token: what the grace for a new token counts from.
  let answeredAtMs = -Infinity

  const isActive = async (token: string): Promise<boolean> => {
    configuration ??= discover().catch((cause: unknown) => {
      configuration = undefined
      throw cause
    })
    const answer = await client.tokenIntrospection(await configuration, token, {
      token_type_hint: 'access_token',
    })
    return answer.active === true
  }

  const ask = (hash: string, entry: Watched): Promise<void> => {
    parallel++
    entry.askedAtMs = clock.now()
    // Kept in the order of asking, so that those who wait longest stand in front.
    watched.delete(hash)
    watched.set(hash, entry)
    entry.asking = isActive(entry.token)
      .then(
        (active) => {
          entry.failed = false
          // The moment of asking, not of the answer: what happened in between is not known.
          if (active) entry.confirmedAtMs = entry.askedAtMs
          // Once revoked, for ever: an issuer that contradicts itself is not believed.
          else entry.revoked = true
          answeredAtMs = Math.max(answeredAtMs, entry.askedAtMs)
        },
        () => {
          entry.failed = true
          // Its endpoints may have moved.
          configuration = undefined
        },
      )
      .finally(() => {
        parallel--
        entry.asking = undefined
        askThoseDue()
      })
    return entry.asking
  }

  const askThoseDue = (): void => {
    const now = clock.now()
    if (retired && watched.size === 0) clearInterval(timer)
    for (const [hash, entry] of watched) {
      if (parallel >= IDENTITY_LIMITS.introspectParallel) return
      // All behind this one were asked later still.
      if (now - entry.askedAtMs < Math.min(times.retryMs, times.everyMs)) return
      if (entry.expiresAtMs <= now || entry.holders === 0) watched.delete(hash)
      else if (entry.asking === undefined && isDue(entry, now, times)) void ask(hash, entry)
    }
  }
  const timer = setInterval(askThoseDue, times.tickMs)
  timer.unref()

  const stateOf = (entry: Watched, nowMs: number): 'valid' | 'revoked' | 'unknown' => {
    if (entry.revoked) return 'revoked'
    const age = nowMs - entry.confirmedAtMs
    if (age <= times.staleMs) return 'valid'
    return entry.failed && age <= times.staleMs + settings.outageGraceMs ? 'valid' : 'unknown'
  }

  return {
    watch: async (hash, token, expiresAtMs) => {
      const entry = watched.get(hash) ?? entryOf(token, expiresAtMs)
      if (!watched.has(hash)) {
        if (watched.size >= IDENTITY_LIMITS.watchedTokens) {
          throw new GatewayError('limit_exceeded', 'too many tokens are in use')
        }
        watched.set(hash, entry)
      }
      entry.holders++
      await (entry.asking ?? (isDue(entry, clock.now(), times) ? ask(hash, entry) : undefined))
      if (entry.confirmedAtMs === -Infinity && entry.failed) entry.confirmedAtMs = answeredAtMs
      const state = stateOf(entry, clock.now())
      if (state !== 'valid') {
        entry.holders--
        // The next attempt asks anew.
        if (entry.holders === 0) watched.delete(hash)
        throw state === 'revoked'
          ? new GatewayError('token_invalid', 'the token was revoked')
          : unreachable(settings.issuer, undefined)
      }
      let held = true
      return {
        state: (nowMs) => stateOf(entry, nowMs),
        release: () => {
          if (held) entry.holders--
          held = false
        },
      }
    },
    watched: () => watched.size,
    retire: () => {
      retired = true
    },
    close: () => {
      clearInterval(timer)
      // So that an answer on its way starts no other question.
      watched.clear()
    },
  }
}

function isDue(entry: Watched, nowMs: number, times: WatchTimes): boolean {
  if (entry.revoked) return false
  return nowMs - entry.askedAtMs >= (entry.failed ? times.retryMs : times.everyMs)
}

function entryOf(token: string, expiresAtMs: number): Watched {
  return {
    token,
    expiresAtMs,
    holders: 0,
    revoked: false,
    failed: false,
    askedAtMs: -Infinity,
    confirmedAtMs: -Infinity,
    asking: undefined,
  }
}
