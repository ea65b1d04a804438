// What the session did in the minutes before: often it says more than the command itself.
import type { Approval, Earlier } from '../api/answers.js'
import { useResource } from '../api/resource.js'
import { ActionMark } from '../parts/action-mark.js'
import { Instant } from '../parts/instant.js'
import { lastMeaning, meaningOf } from '../reading/action-words.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalBefore({ approval }: { readonly approval: Approval }) {
  const { id, session } = approval
  const { value } = useResource<{ readonly before: readonly Earlier[] }>(
    `/api/approvals/${encodeURIComponent(id)}/before`,
  )
  if (value === undefined) return null
  const { before } = value
  // Once the session has ended it is on record alone.
  if (before.length === 0 && approval.status !== 'pending') return null
  return (
    <section class="card" aria-label="Before this">
      <h2>In the minutes before</h2>
      {before.length === 0 ? (
        <p class="muted">This is the first command of its session.</p>
      ) : (
        <ol class="before">
          {before.map(({ command, at, text, action, go }) => (
            <li key={command}>
              <a href={`/sessions/${session ?? ''}?at=${command}`}>
                <span class="before-time muted">
                  <Instant at={at} />
                </span>
                <ActionMark
                  meaning={go === undefined ? meaningOf(action) : lastMeaning({ action, go })}
                  small
                />
                <code>{onOneLine(text, 160)}</code>
              </a>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
