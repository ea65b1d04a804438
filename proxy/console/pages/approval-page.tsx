// One request, to be understood in ten seconds on a phone: who, what, where, why it was held, what it
// would change, what came before; then the answer, which stays within reach of the thumb.
import { useRoute } from 'preact-iso'
import type { Approval } from '../api/answers.js'
import { useResource } from '../api/resource.js'
import { ApprovalAnswer } from '../approval/approval-answer.js'
import { ApprovalBefore } from '../approval/approval-before.js'
import { ApprovalConsequence } from '../approval/approval-consequence.js'
import { ApprovalQuorum } from '../approval/approval-quorum.js'
import { ActionMark } from '../parts/action-mark.js'
import { Instant } from '../parts/instant.js'
import { Labels } from '../parts/labels.js'
import { Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { nameOf, Person } from '../parts/person.js'
import { SqlText } from '../parts/sql-text.js'
import { TimeLeft } from '../parts/time-left.js'
import { statusMark } from '../reading/approval-status.js'
import { counted } from '../reading/counts.js'
import { headline, toneOf } from '../reading/effect-words.js'
import { onOneLine } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'

export function ApprovalPage() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const { value, problem, loading, again } = useResource<Approval>(
    `/api/approvals/${encodeURIComponent(id)}`,
    ['approval'],
    id,
  )
  if (value === undefined) {
    return (
      <div class="page page-narrow">
        <PageHead title="Request" />
        {loading ? <Loading what="the request" rows={6} /> : null}
        {problem === undefined ? null : <Problem problem={problem} again={again} />}
      </div>
    )
  }
  return <Request approval={value} again={again} />
}

function Request({ approval, again }: { readonly approval: Approval; readonly again: () => void }) {
  const { id, status, requester, target, text, effects, rules, scope } = approval
  const { meaning, word } = statusMark(status)
  const what = whatIsAsked(approval)
  return (
    <div class="page page-narrow approval">
      <PageHead
        title={sentenceCase(what)}
        window={`${nameOf(requester)} ${what}`}
        under={
          <div class="approval-who">
            <Person who={requester} />
            <span class="muted">on</span>
            <b>{targetName(target)}</b>
            <Labels labels={target.labels} />
            <Weight approval={approval} />
          </div>
        }
      >
        <ActionMark meaning={meaning} word={word} />
        {status === 'pending' ? (
          <TimeLeft from={approval.created_at} until={approval.expires_at} />
        ) : (
          <Instant at={approval.settled_at ?? approval.expires_at} relative />
        )}
      </PageHead>
      <div class="approval-grid">
        <div class="approval-main">
          <section class="card card-hold" aria-label="Why it was held">
            <h2>Why it was held</h2>
            {rules.map((rule) => (
              <div key={rule.id} class="rule">
                <p>{onOneLine(rule.message, 600)}</p>
                {rule.hint === undefined ? null : (
                  <p class="muted">What would pass: {onOneLine(rule.hint, 600)}</p>
                )}
                <a class="rule-id" href={`/policies/rules?rule=${encodeURIComponent(rule.id)}`}>
                  {onOneLine(rule.id, 100)}
                </a>
              </div>
            ))}
          </section>
          {approval.access === undefined ? null : (
            <section
              class={approval.access.break_glass ? 'card card-deny' : 'card'}
              aria-label="What it is for"
            >
              <h2>{approval.access.break_glass ? 'An emergency' : 'What it is for'}</h2>
              <p>“{onOneLine(approval.access.reason, 1000)}”</p>
            </section>
          )}
          <section class="card" aria-label="The command">
            <h2>{scope === 'session' ? 'What is asked for' : 'The exact command'}</h2>
            <SqlText text={text} effects={effects} />
            <p class="fine muted">
              {scope === 'session' ? (
                'Each command is still decided by the policies.'
              ) : (
                <>
                  These bytes run, once, if you approve; <code>…</code> stands for a protected
                  value.
                </>
              )}
            </p>
          </section>
          <ApprovalConsequence approval={approval} />
          <ApprovalBefore approval={approval} />
        </div>
        <div class="approval-side">
          <ApprovalQuorum approval={approval} />
          <section class="card" aria-label="About this request">
            <h2>About</h2>
            <dl class="pairs">
              <dt>Asked</dt>
              <dd>
                <Instant at={approval.created_at} />
              </dd>
              <dt>Subject</dt>
              <dd class="break">{onOneLine(requester.subject, 200)}</dd>
              {requester.groups === undefined || requester.groups.length === 0 ? null : (
                <>
                  <dt>Groups</dt>
                  <dd>{requester.groups.map((group) => onOneLine(group, 60)).join(', ')}</dd>
                </>
              )}
              {approval.session === undefined ? null : (
                <>
                  <dt>Session</dt>
                  <dd>
                    <a href={`/sessions/${approval.session}?at=${approval.command ?? 1}`}>
                      watch it
                    </a>
                  </dd>
                </>
              )}
              <dt>Digest</dt>
              <dd class="mono clip" title={approval.digest}>
                {approval.digest.replace('sha256:', '').slice(0, 16)}…
              </dd>
              <dt>In a terminal</dt>
              <dd class="mono break">sallyport approvals approve {id}</dd>
            </dl>
          </section>
        </div>
      </div>
      <ApprovalAnswer key={id} approval={approval} again={again} />
    </div>
  )
}

// The one number that matters most, before anything has to be read.
function Weight({ approval: { consequence, effects } }: { readonly approval: Approval }) {
  const rows = consequence?.count ?? consequence?.estimate
  const all = effects.some((effect) => toneOf(effect) === 'destroy' && effect.where === 'absent')
  const reached = consequence?.cascades.length ?? 0
  if (rows === undefined && !all && reached === 0) return null
  return (
    <span class="weights">
      {rows === undefined ? null : (
        <span class="weight">
          {consequence?.count === undefined
            ? `about ${counted(rows, 'row')}`
            : counted(rows, 'row')}
        </span>
      )}
      {all ? <span class="weight weight-bad">every row</span> : null}
      {reached === 0 ? null : <span class="weight">{counted(reached, 'more object')}</span>}
    </span>
  )
}

function whatIsAsked({ access, scope, target, effects, grant_ms }: Approval): string {
  const name = onOneLine(target.name, 60)
  if (access === undefined)
    return scope === 'session' ? `opens a session on ${name}` : headline(effects)
  const long = access.for_ms ?? grant_ms
  const glass = access.break_glass ? 'breaks the glass for' : 'asks for'
  return `${glass} access to ${name}${long === undefined ? '' : ` for ${lengthOf(long)}`}`
}

function targetName({ name, database }: Approval['target']): string {
  return onOneLine(database === name || database === '' ? name : `${name}/${database}`, 80)
}

function sentenceCase(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
