// Whose word counts, and how many of them are still missing.
import type { Approval } from '../api/answers.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalQuorum({ approval }: { readonly approval: Approval }) {
  const { quorum, approvals, approvers, groups_missing: missing } = approval
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
                  {one.reason === '' ? null : `: “${onOneLine(one.reason, 300)}”`}
                </span>
              </span>
            )}
          </li>
        ))}
      </ol>
      {missing === undefined || missing.length === 0 ? null : (
        <p class="missing">
          <Icon name="people" size={14} /> Still needed: one of{' '}
          <b>{missing.map((name) => onOneLine(name, 60)).join(', and one of ')}</b>
        </p>
      )}
    </section>
  )
}
