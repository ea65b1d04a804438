// Who holds access to which target until when, and which broken glass still waits for somebody to look at
// what was done with it.
import { useState } from 'preact/hooks'
import type { GrantLine } from '../api/answers.js'
import { call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { ApprovalTabs } from '../approval/approval-tabs.js'
import { AskReason } from '../parts/ask-reason.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { TimeLeft } from '../parts/time-left.js'
import { onOneLine } from '../reading/printable.js'

type Verb = 'end' | 'review'
type Asking = { readonly verb: Verb; readonly grant: GrantLine }

export function GrantsPage() {
  const { value, problem, loading, again } = useResource<{ readonly grants: readonly GrantLine[] }>(
    '/api/grants?status=all',
    ['approval'],
  )
  const [asking, setAsking] = useState<Asking>()
  const grants = [...(value?.grants ?? [])].sort(
    (a, b) => Number(b.standing) - Number(a.standing) || Date.parse(b.from) - Date.parse(a.from),
  )
  return (
    <div class="page page-narrow">
      <PageHead title="Approvals" window="Access" under={<ApprovalTabs here="access" />}>
        <a class="button button-primary" href="/approvals/ask">
          Ask for access
        </a>
      </PageHead>
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="access" rows={4} />
      ) : grants.length === 0 ? (
        <Empty icon="clock" title="Nobody holds access for a time">
          <p>
            Where policies ask for approval of a whole session, what is approved stands here until
            it ends: <code>sallyport approvals request shop --for 30m</code>
          </p>
        </Empty>
      ) : (
        <ul class="inbox">
          {grants.map((grant) => (
            <li key={grant.id} class="card grant">
              <Grant grant={grant} ask={(verb) => setAsking({ verb, grant })} />
            </li>
          ))}
        </ul>
      )}
      {asking === undefined ? null : (
        <AskReason
          title={asking.verb === 'end' ? 'End this access?' : 'What was it used for?'}
          does={asking.verb === 'end' ? 'End it' : 'Reviewed'}
          close={() => setAsking(undefined)}
          run={async (reason) => {
            const path = `/api/grants/${encodeURIComponent(asking.grant.id)}/${asking.verb}`
            await call(path, { method: 'POST', body: { reason } })
            again()
          }}
        >
          <p class="muted">
            {asking.verb === 'end'
              ? 'Open sessions that rest on it are ended with it.'
              : 'The record keeps who looked at it, and these words.'}
          </p>
        </AskReason>
      )}
    </div>
  )
}

type Props = { readonly grant: GrantLine; readonly ask: (verb: Verb) => void }

function Grant({ grant, ask }: Props) {
  const { id, holder, target, database, break_glass, standing, from, until, reason } = grant
  return (
    <>
      <div class="inbox-top">
        {break_glass ? (
          <span class="mark mark-deny">
            <Icon name="warn" size={12} /> Broken glass
          </span>
        ) : null}
        <b>{onOneLine(holder, 120)}</b>
        <span class="muted">on</span>
        <b>
          {onOneLine(database === target || database === '' ? target : `${target}/${database}`, 80)}
        </b>
        <span class="inbox-time">
          {standing ? (
            <TimeLeft from={from} until={until} />
          ) : (
            <>
              ended <Instant at={grant.ended_at ?? until} />
            </>
          )}
        </span>
      </div>
      <p class="muted">
        {reason === undefined || reason === '' ? null : <>“{onOneLine(reason, 400)}” </>}
        {grant.approvers === undefined || grant.approvers.length === 0
          ? null
          : `approved by ${grant.approvers.map((one) => onOneLine(one, 80)).join(', ')}`}{' '}
        <a href={`/approvals/${encodeURIComponent(id)}`}>the request</a>
      </p>
      {grant.reviewed_at === undefined ? null : (
        <p class="muted">
          Reviewed by {onOneLine(grant.reviewed_by ?? '', 120)} <Instant at={grant.reviewed_at} />:
          “{onOneLine(grant.review ?? '', 400)}”
        </p>
      )}
      <div class="grant-buttons">
        {standing ? (
          <button type="button" class="button button-small" onClick={() => ask('end')}>
            End it
          </button>
        ) : null}
        {break_glass && grant.reviewed_at === undefined ? (
          <button type="button" class="button button-small" onClick={() => ask('review')}>
            Review
          </button>
        ) : null}
      </div>
    </>
  )
}
