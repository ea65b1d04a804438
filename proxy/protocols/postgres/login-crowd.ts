// Those who are logging in: so many at a time, and not again and again from one address that never proves
// who it is. What is remembered of them is bounded, whoever comes.
import type { Failure } from './refuse.js'

const FAILURES_PER_MINUTE = 100
// Addresses whose failures are remembered; of more, the oldest is forgotten.
const ADDRESSES_MAX = 10_000
// Connections whose caller is not known yet: each may hold a TLS handshake and a token.
const LOGINS_MAX = 512

export type LoginCrowd = {
  // Why this one may not even begin, said before anything was read of it, as PostgreSQL's postmaster does.
  readonly refusal: (address: string) => Failure | undefined
  readonly entered: () => void
  // `proved`: false where the caller did not prove who it is.
  readonly left: (address: string, proved: boolean) => void
  readonly close: () => void
}

export function createLoginCrowd(): LoginCrowd {
  const failures = new Map<string, number>()
  const forget = setInterval(() => failures.clear(), 60_000)
  forget.unref()
  let logins = 0
  return {
    refusal(address) {
      if ((failures.get(address) ?? 0) > FAILURES_PER_MINUTE) return TOO_MANY_FAILED
      return logins >= LOGINS_MAX ? TOO_MANY_LOGINS : undefined
    },
    entered() {
      logins++
    },
    left(address, proved) {
      logins--
      if (proved) return
      failures.set(address, (failures.get(address) ?? 0) + 1)
      const [oldest] = failures.keys()
      if (failures.size > ADDRESSES_MAX && oldest !== undefined) failures.delete(oldest)
    },
    close: () => clearInterval(forget),
  }
}

const TOO_MANY_FAILED: Failure = {
  sqlstate: '53300',
  message: 'too many failed logins from this address',
  hint: 'wait a minute, and log in with a valid token',
}

const TOO_MANY_LOGINS: Failure = {
  sqlstate: '53300',
  message: 'too many connections are logging in at the moment',
  hint: 'try again shortly',
}
