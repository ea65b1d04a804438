// Whose word counts, and how many of them are still missing.
import type { Approval, Requirement } from '../api/answers.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { counted } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalQuorum({ approval }: { readonly approval: Approval }) {
  const { quorum, approvals, approvers, groups_missing: missing, escalation } = approval
  const steps = Array.from({ length: Math.max(quorum, approvals.length) }, (_, at) => approvals[at])
  return (
    <section class="card" aria-label="Approvers">
      <h2>{quorum === 1 ? 'One approver' : `${approvals.length} of ${quorum} approvers`}</h2>
      <ol class="quorum">
        {steps.map((one, at) => (
          <li key={at} class={one === undefined ? 'quorum-open' : 'quorum-given'}>
            <span class="quorum-dot">
              {one === undefined ? at + 1 : <Icon name="allow" size={12} />}
            </span>
            {one === undefined ? (
              <span class="muted">
                somebody of {approvers.map((name) => onOneLine(name, 60)).join(' or ')}
              </span>
            ) : (
              <span>
                <b>{onOneLine(one.name === '' ? one.subject : one.name, 80)}</b>{' '}
                <span class="muted">
                  <Instant at={one.at} />
                  {one.via === undefined ? null : `, by ${onOneLine(one.via, 20)}`}
                  {one.on_behalf === undefined ? null : `, for ${onOneLine(one.on_behalf, 120)}`}
                  {one.rows_max === undefined ? null : `, at most ${counted(one.rows_max, 'row')}`}
                  {one.reason === '' ? null : `: “${onOneLine(one.reason, 300)}”`}
                </span>
              </span>
            )}
          </li>
        ))}
      </ol>
      {missing === undefined || missing.length === 0 || quorum === 1 ? null : (
        <p class="missing">
          <Icon name="people" size={14} /> Still needed: <b>{missing.map(needed).join(', and ')}</b>
        </p>
      )}
      {escalation === undefined ? null : (
        <p class="fine muted missing-more">
          {escalation.at === undefined ? (
            <>
              From <Instant at={escalation.due_at} /> on also{' '}
            </>
          ) : (
            'Asked as well, as nobody had answered: '
          )}
          {escalation.to.map((name) => onOneLine(name, 60)).join(', ')}
        </p>
      )}
    </section>
  )
}

function needed({ any_of, count }: Requirement): string {
  const names = any_of.map((name) => onOneLine(name, 60)).join(' or ')
  return count === 1 ? `one of ${names}` : `${count} of ${names}`
}
