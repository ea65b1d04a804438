// Who approves for whom while somebody is away: what one has given, what one was given, and giving it for a time.
// A right is never passed on, and never counts for requests of who gave it; the gateway sees to that.
import { useState } from 'preact/hooks'
import type { DelegationLine } from '../api/answers.js'
import { call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { viewer } from '../api/viewer.js'
import { ApprovalTabs } from '../approval/approval-tabs.js'
import { DelegateForm } from '../approval/delegate-form.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { TimeLeft } from '../parts/time-left.js'
import { onOneLine } from '../reading/printable.js'
import { now } from '../shell/now.js'

export function DelegationsPage() {
  const { value, problem, loading, again } = useResource<{
    readonly delegations: readonly DelegationLine[]
  }>('/api/delegations', ['approval'])
  const [words, setWords] = useState('')
  const takeBack = (id: string): void => {
    setWords('')
    call(`/api/delegations/${encodeURIComponent(id)}`, { method: 'DELETE' })
      .then(again)
      .catch((wrong: unknown) => setWords(wrong instanceof Error ? wrong.message : String(wrong)))
  }
  const delegations = value?.delegations ?? []
  return (
    <div class="page page-narrow">
      <PageHead
        title="Approvals"
        window="Delegations"
        under={<ApprovalTabs here="delegations" />}
      />
      <DelegateForm done={again} />
      <p class="problem-words" role="alert">
        {words}
      </p>
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="delegations" rows={3} />
      ) : delegations.length === 0 ? (
        <Empty icon="clock" title="Nobody approves for anybody">
          <p>
            Before you go away, give somebody your right to approve for that time, above or with{' '}
            <code>sallyport approvals delegate</code>
          </p>
        </Empty>
      ) : (
        <ul class="inbox">
          {delegations.map((one) => (
            <li key={one.id} class="card grant delegation">
              <Delegation delegation={one} takeBack={takeBack} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

type Props = {
  readonly delegation: DelegationLine
  readonly takeBack: (id: string) => void
}

function Delegation({ delegation, takeBack }: Props) {
  const { id, from, to, groups, reason = '', since, until, ended_at } = delegation
  const standing = ended_at === undefined && Date.parse(until) > now.value
  const given = viewer()?.subject === from.subject
  return (
    <>
      <div class="inbox-top">
        <b title={onOneLine(`${from.subject} of ${from.issuer}`)}>
          {given ? 'You' : onOneLine(from.name || from.subject, 120)}
        </b>
        <span class="muted">to</span>
        <b title={onOneLine(`${to.subject} of ${to.issuer}`)}>
          {viewer()?.subject === to.subject ? 'you' : onOneLine(to.subject, 120)}
        </b>
        <span class="inbox-time">
          {standing ? (
            <TimeLeft from={since} until={until} />
          ) : (
            <>
              ended <Instant at={ended_at ?? until} />
            </>
          )}
        </span>
      </div>
      <p class="muted">
        {reason === '' ? null : <>“{onOneLine(reason, 400)}” </>}
        for {groups.map((one) => onOneLine(one, 80)).join(', ')}
      </p>
      {standing ? (
        <div class="grant-buttons">
          <button type="button" class="button button-small" onClick={() => takeBack(id)}>
            {given ? 'Take it back' : 'Give it back'}
          </button>
        </div>
      ) : null}
    </>
  )
}
