// The inbox of approvers: what waits, the one that ends soonest first, live; and what was settled. Each
// line says who wants what where, so that most need no opening to be understood.
import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import type { Approval } from '../api/answers.js'
import { useResource } from '../api/resource.js'
import { ApprovalTabs } from '../approval/approval-tabs.js'
import { ActionMark } from '../parts/action-mark.js'
import { Instant } from '../parts/instant.js'
import { Labels } from '../parts/labels.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { Person } from '../parts/person.js'
import { SqlInline } from '../parts/sql-text.js'
import { TimeLeft } from '../parts/time-left.js'
import { statusMark } from '../reading/approval-status.js'
import { headline } from '../reading/effect-words.js'
import { onOneLine } from '../reading/printable.js'
import { useKeys } from '../shell/keys.js'

export function ApprovalsPage() {
  const { query, route } = useLocation()
  const all = query['status'] === 'all'
  const { value, problem, loading, again } = useResource<{
    readonly approvals: readonly Approval[]
  }>(all ? '/api/approvals?status=all' : '/api/approvals', ['approval'])
  const shown = inOrder(value?.approvals ?? [], all)
  const [at, setAt] = useState(-1)
  const go = (to: number): void => {
    const next = Math.min(shown.length - 1, Math.max(0, to))
    setAt(next)
    document.querySelectorAll<HTMLAnchorElement>('.inbox-item')[next]?.focus()
  }
  useKeys(
    [
      { press: 'j', does: 'Next request', where: 'Approvals', run: () => go(at + 1) },
      { press: 'k', does: 'Request before', where: 'Approvals', run: () => go(at - 1) },
      {
        press: 'Enter',
        does: 'Open the request',
        where: 'Approvals',
        run: () => {
          const chosen = shown[Math.max(0, at)]
          if (chosen !== undefined) route(`/approvals/${chosen.id}`)
        },
      },
    ],
    [at, shown.length, route],
  )
  return (
    <div class="page page-narrow">
      <PageHead title="Approvals" under={<ApprovalTabs here={all ? 'all' : 'waiting'} />} />
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="the requests" rows={4} />
      ) : shown.length === 0 ? (
        <Empty icon="approval" title={all ? 'No request yet' : 'Nothing waits for you'}>
          <p>
            When a policy answers <code>require-approval</code>, the command waits and appears here
            at once. You need not reload.
          </p>
          <p>
            <a href="/policies">See which rules hold commands</a>
          </p>
        </Empty>
      ) : (
        <ul class="inbox">
          {shown.map((approval) => (
            <li key={approval.id}>
              <Item approval={approval} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Item({ approval }: { readonly approval: Approval }) {
  const { id, status, requester, target, text, rules, effects, created_at, expires_at } = approval
  const pending = status === 'pending'
  const { meaning, word } = statusMark(status)
  return (
    <a href={`/approvals/${id}`} class="inbox-item">
      <span class="inbox-top">
        <ActionMark meaning={meaning} word={word} />
        <Person who={requester} />
        <span class="muted">on</span>
        <b>{onOneLine(target.name, 60)}</b>
        <Labels labels={target.labels} />
        <span class="inbox-time">
          {pending ? (
            <TimeLeft from={created_at} until={expires_at} />
          ) : (
            <Instant at={created_at} relative />
          )}
        </span>
      </span>
      <span class="inbox-what">{headline(effects)}</span>
      <SqlInline text={onOneLine(text, 220)} effects={effects} />
      <span class="inbox-why muted">
        {rules.map(({ message }) => onOneLine(message)).join(' · ')}
      </span>
    </a>
  )
}

function inOrder(approvals: readonly Approval[], all: boolean): readonly Approval[] {
  return [...approvals].sort((a, b) =>
    all
      ? Date.parse(b.created_at) - Date.parse(a.created_at)
      : Date.parse(a.expires_at) - Date.parse(b.expires_at),
  )
}
