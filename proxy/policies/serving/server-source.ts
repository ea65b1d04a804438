// A bundle server or registry followed: asked again and again, waiting for news where the server can wait, and less
// often the longer it fails.
import { shown } from './bounded-request.js'
import { download, type Downloaded } from './download.js'
import { SERVING_LIMITS } from './limits.js'
import { ociReference, ociRegistry } from './oci-registry.js'
import type { Found, Source } from './source.js'

export type ServerOptions = {
  // https, or oci for an artifact in a registry; plain on loopback alone.
  readonly url: string
  // Goes with the token where a registry asks for both.
  readonly user: string
  readonly token: (() => string) | undefined
  readonly ca: (() => string) | undefined
  // Between two requests to a server that does not wait.
  readonly pollMs: number
  // How long a server that can wait is asked to; 0: never.
  readonly waitMs: number
  // From 0 up to 1.
  readonly random: () => number
}

export function serverSource(options: ServerOptions): Source {
  const ending = new AbortController()
  // Of what was found last; sent back so that the same is not sent again.
  let etag = ''
  const { signal } = ending
  const registry = ociReference(options.url) === undefined ? undefined : ociRegistry(options)
  const ask = (known: string, waitMs: number): Promise<Downloaded> =>
    registry === undefined
      ? download({ ...options, etag: known, waitMs, signal })
      : registry.ask(known, signal)
  return {
    kind: 'server',
    place: shown(options.url),
    look: async () => {
      const answer = await ask('', 0)
      etag = answer.etag
      if (answer.kind === 'bundle') return { bytes: answer.bytes, at: answer.at }
      throw new Error('a server that was told nothing cannot say that nothing is new')
    },
    follow: (found) => void followed(found),
    close: () => ending.abort(),
  }

  async function followed(found: Found): Promise<void> {
    let failures = 0
    let waits = options.waitMs > 0
    let isDoubtful = false
    while (!ending.signal.aborted) {
      const waitMs: number = waits && !isDoubtful ? options.waitMs : 0
      const started = performance.now()
      let restMs = pause()
      try {
        const answer = await ask(etag, waitMs)
        failures = 0
        etag = answer.etag
        if (answer.kind === 'bundle') {
          waits = answer.longPolling && options.waitMs > 0
          if (waits) restMs = 0
          await found.offered({ bytes: answer.bytes, at: answer.at })
        } else {
          // A server that was asked to wait and answers at once does not wait.
          const waited = waitMs > 0 && performance.now() - started >= waitMs / 2
          if (waited || isDoubtful) restMs = 0
          found.same()
        }
        isDoubtful = false
      } catch (problem) {
        if (ending.signal.aborted) return
        // Something between us may end connections on which nothing is said for a while: asked once more
        // without waiting, the server itself tells.
        isDoubtful = waitMs > 0
        failures++
        restMs = isDoubtful ? 0 : retryAfter(failures)
        if (!isDoubtful) found.failed(problem, started)
      }
      await rested(restMs)
    }
  }

  function pause(): number {
    return jittered(options.pollMs)
  }

  function retryAfter(failures: number): number {
    const { retryMs, retryFactor, retryMsMax } = SERVING_LIMITS
    return jittered(Math.min(retryMs * retryFactor ** (failures - 1), retryMsMax))
  }

  function jittered(ms: number): number {
    return ms * (1 + SERVING_LIMITS.jitter * (options.random() * 2 - 1))
  }

  function rested(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(ms, SERVING_LIMITS.spacingMs))
      timer.unref()
      ending.signal.addEventListener('abort', done, { once: true })
      function done(): void {
        clearTimeout(timer)
        ending.signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}
