// What a page says where it has nothing to show: that it is loading, that there is nothing and what to
// do, or what went wrong.
import type { ComponentChildren } from 'preact'
import type { ApiProblem } from '../api/call.js'
import { Icon } from './icon.js'

// Seen only if it takes a while, in the place that the content will have.
export function Loading({ rows = 5, what }: { readonly rows?: number; readonly what: string }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {what}…</span>
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} class="bone" />
      ))}
    </div>
  )
}

type EmptyProps = {
  readonly icon: string
  readonly title: string
  readonly children?: ComponentChildren
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      <div class="empty-words">{children}</div>
    </div>
  )
}

type ProblemProps = { readonly problem: ApiProblem; readonly again?: () => void }

export function Problem({ problem, again }: ProblemProps) {
  return (
    <div class="problem" role="alert">
      <Icon name="warn" />
      <div>
        <p>{titleOf(problem)}</p>
        <p class="muted">{problem.message}</p>
        {again === undefined ? null : (
          <button type="button" class="button" onClick={again}>
            Try again
          </button>
        )}
      </div>
    </div>
  )
}

function titleOf({ status }: ApiProblem): string {
  if (status === 0) return 'No answer from the gateway'
  if (status === 403) return 'The policies do not let you see this'
  if (status === 404) return 'There is no such thing, or it is not yours to see'
  return status >= 500 ? 'The gateway could not do this' : 'This could not be done'
}
