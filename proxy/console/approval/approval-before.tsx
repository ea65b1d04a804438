// What the session did in the minutes before: often it says more than the command itself.
import type { Approval } from '../api/answers.js'
import { ActionMark } from '../parts/action-mark.js'
import { Instant } from '../parts/instant.js'
import { meaningOf } from '../reading/action-words.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalBefore({ approval }: { readonly approval: Approval }) {
  const { before, session } = approval
  if (before === undefined) return null
  return (
    <section class="card" aria-label="Before this">
      <h2>In the minutes before</h2>
      {before.length === 0 ? (
        <p class="muted">This is the first command of its session.</p>
      ) : (
        <ol class="before">
          {before.map(({ command, at, text, action }) => (
            <li key={command}>
              <a href={`/sessions/${session ?? ''}?at=${command}`}>
                <span class="before-time muted">
                  <Instant at={at} />
                </span>
                <ActionMark meaning={meaningOf(action)} small />
                <code>{onOneLine(text, 160)}</code>
              </a>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
