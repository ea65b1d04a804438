// Under which policy the film is shown: what happened, or what another bundle would have made of it.
import { useLocation } from 'preact-iso'
import { useResource } from '../api/resource.js'

type Status = {
  readonly active: { readonly digest: string; readonly revision: string }
  readonly history: readonly { readonly digest: string; readonly revision: string }[]
  readonly shadow?: { readonly bundle: string; readonly revision: string } | null
}

export function UnderChoice() {
  const { query, route, path } = useLocation()
  const { value } = useResource<Status>('/api/policy', ['policy'])
  const here = query['under'] ?? ''
  const choices = new Map<string, string>()
  if (value !== undefined) {
    choices.set(
      value.active.digest,
      `now in force (${short(value.active.revision, value.active.digest)})`,
    )
    if (value.shadow !== undefined && value.shadow !== null) {
      choices.set(
        value.shadow.bundle,
        `shadow (${short(value.shadow.revision, value.shadow.bundle)})`,
      )
    }
    for (const { digest, revision } of value.history) {
      if (!choices.has(digest)) choices.set(digest, short(revision, digest))
    }
  }
  if (here !== '' && !choices.has(here)) choices.set(here, short('', here))
  return (
    <label class="under-choice">
      <span class="unseen">Under which policy</span>
      <select
        value={here}
        onChange={(event) => {
          const next = new URLSearchParams(location.search)
          const { value: chosen } = event.currentTarget
          if (chosen === '') next.delete('under')
          else next.set('under', chosen)
          route(`${path}?${next}`)
        }}
      >
        <option value="">As it happened</option>
        {[...choices].map(([digest, name]) => (
          <option key={digest} value={digest}>
            Under {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function short(revision: string, digest: string): string {
  return revision === '' ? digest.replace('sha256:', '').slice(0, 12) : revision.slice(0, 12)
}
