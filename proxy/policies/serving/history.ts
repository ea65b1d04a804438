// The bundles that a source gave, in order: which came before which, which name means which, and which may
// not follow. Pure.
import { GatewayError } from '../../errors.js'
import { SERVING_LIMITS } from './limits.js'
import type { Standing } from './standing.js'

export type Activated = Standing['history'][number]

// One more given by the source; the same again is none.
export function withActivated(history: readonly Activated[], next: Activated): Activated[] {
  if (history.at(-1)?.digest === next.digest) return [...history]
  return [...history, next].slice(-SERVING_LIMITS.history)
}

// The one that was in force before this one: the place to go back to.
export function before(history: readonly Activated[], digest: string): Activated | undefined {
  const at = history.findLastIndex((one) => one.digest === digest)
  return history.slice(0, Math.max(at, 0)).findLast((one) => one.digest !== digest)
}

// Why this one may not follow what was in force, or undefined.
export function whyNotNext(
  history: readonly Activated[],
  next: Activated,
  olderMayReturn: boolean,
): string | undefined {
  const { revision, content } = next
  const isNamed = revision !== '' && !revision.endsWith('-dirty')
  const namesake = history.find((one) => one.revision === revision && one.content !== content)
  if (isNamed && namesake !== undefined) {
    return (
      `revision ${revision} was in force before with other contents (${namesake.digest}), and a ` +
      'revision names one bundle: commit the change and build again'
    )
  }
  if (olderMayReturn || history.at(-1)?.digest === next.digest) return undefined
  const replaced = history.findLast((one) => one.digest === next.digest)
  if (replaced === undefined) return undefined
  return (
    `this bundle (${named(replaced)}) was in force before and was replaced; a server does not bring ` +
    'an old one back: publish a new revision, or ask the gateway for “policy rollback” or “policy pin”'
  )
}

export function named({ revision, digest }: Pick<Activated, 'revision' | 'digest'>): string {
  return revision === '' ? digest : `revision ${revision}`
}

// By its whole digest or a part of it that is unique, or by revision.
export function chosen(history: readonly Activated[], wanted: string): Activated {
  const latest = new Map(history.map((one) => [one.digest, one]))
  const isPart = /^(sha256:)?[0-9a-f]{7,64}$/.test(wanted)
  const part = wanted.replace(/^sha256:/, '')
  const matching = [...latest.values()].filter(
    ({ digest: known, revision }) =>
      revision === wanted ||
      (isPart && (known.startsWith(`sha256:${part}`) || revision.startsWith(part))),
  )
  const [only, ...others] = matching
  if (only === undefined) {
    throw new GatewayError(
      'not_found',
      `no bundle ${wanted} was in force here; “sallyport policy status” lists those that were`,
    )
  }
  if (others.length === 0) return only
  const list = matching.map(({ digest: known }) => known).join(', ')
  throw new GatewayError('conflict', `${wanted} may mean any of ${list}`)
}
