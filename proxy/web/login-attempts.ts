// Attempts to sign in that are under way: kept here, never in the browser, each good for one answer of the
// issuer within ten minutes and in the browser that began it. Times are read from the clock that never
// goes back.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import { WEB_LIMITS } from './limits.js'

// What a browser that came back had begun.
export type LoginAttempt<Secrets> = { readonly secrets: Secrets; readonly next: string }

export type LoginAttempts<Secrets> = {
  readonly begin: (
    state: string,
    about: LoginAttempt<Secrets> & { readonly browser: string; readonly address: string },
  ) => void
  // Once: whatever comes of it, the attempt is gone. Of another browser, it stays for its own.
  readonly take: (state: string, browser: string) => LoginAttempt<Secrets> | undefined
  readonly count: () => number
}

type Kept<Secrets> = LoginAttempt<Secrets> & {
  readonly browser: Buffer
  readonly address: string
  readonly sinceUs: number
}

export function createLoginAttempts<Secrets>(clock: Clock): LoginAttempts<Secrets> {
  const attempts = new Map<string, Kept<Secrets>>()
  const isOld = ({ sinceUs }: Kept<Secrets>): boolean =>
    clock.monotonicUs() - sinceUs > WEB_LIMITS.attemptMs * 1000
  const forgetOld = (): void => {
    // In the order in which they began.
    for (const [state, attempt] of attempts) {
      if (!isOld(attempt)) return
      attempts.delete(state)
    }
  }
  const makeRoom = (address: string): void => {
    const own = [...attempts].filter(([, one]) => one.address === address)
    if (own.length >= WEB_LIMITS.attemptsPerAddress && own[0] !== undefined) {
      attempts.delete(own[0][0])
    }
    const [oldest] = attempts.keys()
    if (attempts.size >= WEB_LIMITS.attempts && oldest !== undefined) attempts.delete(oldest)
  }
  return {
    begin: (state, { browser, ...about }) => {
      forgetOld()
      makeRoom(about.address)
      const sinceUs = clock.monotonicUs()
      attempts.set(state, { ...about, browser: digest(browser), sinceUs })
    },
    take: (state, browser) => {
      const attempt = attempts.get(state)
      if (attempt === undefined || !timingSafeEqual(attempt.browser, digest(browser))) {
        return undefined
      }
      attempts.delete(state)
      return isOld(attempt) ? undefined : { secrets: attempt.secrets, next: attempt.next }
    },
    count: () => attempts.size,
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
