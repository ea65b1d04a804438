// The policies in force: which bundle, since when, from where, signed by whom, what came before it; and,
// for those who may, going back, pinning, letting go.
import { useState } from 'preact/hooks'
import { call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { viewer } from '../api/viewer.js'
import { AskReason } from '../parts/ask-reason.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { Icon } from '../parts/icon.js'
import { PolicyTabs } from '../policy/policy-tabs.js'
import { newestFirst, shortBundle, type PolicyStatus } from '../policy/policy-answers.js'
import { onOneLine } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'

type Asking = { readonly verb: 'rollback' | 'unpin' | 'pin'; readonly bundle?: string }

export function PoliciesPage() {
  const { value, problem, loading, again } = useResource<PolicyStatus>('/api/policy', ['policy'])
  const [asking, setAsking] = useState<Asking>()
  return (
    <div class="page page-narrow">
      <PageHead title="Policies" under={<PolicyTabs here="now" />} />
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading || value === undefined ? (
        <Loading what="the policies" />
      ) : (
        <>
          <InForce status={value} ask={setAsking} />
          <History status={value} ask={setAsking} />
        </>
      )}
      {asking === undefined ? null : (
        <AskReason
          title={TITLES[asking.verb]}
          does={DOES[asking.verb]}
          close={() => setAsking(undefined)}
          run={async (reason) => {
            const body =
              asking.bundle === undefined ? { reason } : { reason, bundle: asking.bundle }
            await call(`/api/policy/${asking.verb}`, { method: 'POST', body })
            again()
          }}
        >
          <p class="muted">
            Every command after that is decided by it. The record says who and why.
          </p>
        </AskReason>
      )}
    </div>
  )
}

const TITLES = {
  rollback: 'Go back to the bundle before?',
  pin: 'Stay with this bundle?',
  unpin: 'Follow the source again?',
} as const
const DOES = { rollback: 'Go back', pin: 'Pin it', unpin: 'Follow' } as const

type Props = { readonly status: PolicyStatus; readonly ask: (asking: Asking) => void }

function InForce({ status, ask }: Props) {
  const { active, source, age_ms, freshness, refused, pin } = status
  const operate = viewer()?.may.operate === true
  return (
    <section class="card in-force" aria-label="In force">
      <div class="in-force-head">
        <div>
          <h2>In force</h2>
          <p class="revision mono">{shortBundle(active.revision, active.digest)}</p>
        </div>
        <span
          class={`state state-${freshness === 'fresh' ? 'good' : freshness === 'stale' ? 'soso' : 'bad'}`}
        >
          {freshness}
        </span>
        {operate ? (
          <div class="in-force-buttons">
            {pin === null ? null : (
              <button type="button" class="button" onClick={() => ask({ verb: 'unpin' })}>
                Follow the source
              </button>
            )}
            <button
              type="button"
              class="button"
              disabled={status.history.length < 2}
              onClick={() => ask({ verb: 'rollback' })}
            >
              Go back
            </button>
          </div>
        ) : null}
      </div>
      <dl class="pairs">
        <dt>Since</dt>
        <dd>
          <Instant at={active.since_ms} />
        </dd>
        <dt>From</dt>
        <dd class="break">{onOneLine(source, 300)}</dd>
        <dt>Heard of</dt>
        <dd>{lengthOf(age_ms)} ago</dd>
        {active.signers === undefined || active.signers === null ? null : (
          <>
            <dt>Signed by</dt>
            <dd>{active.signers.map((name) => onOneLine(name, 80)).join(', ')}</dd>
          </>
        )}
        <dt>Digest</dt>
        <dd class="mono break">{active.digest}</dd>
      </dl>
      {pin === null ? null : (
        <p class="notice">
          <Icon name="lock" size={14} /> Pinned by {onOneLine(pin.by, 120)}
          {pin.reason === '' ? '' : `: “${onOneLine(pin.reason, 300)}”`}
        </p>
      )}
      {refused === null ? null : (
        <p class="notice notice-bad">
          <Icon name="warn" size={14} /> A newer bundle was refused at “
          {onOneLine(refused.step, 40)}”: {onOneLine(refused.reason, 600)}
        </p>
      )}
    </section>
  )
}

function History({ status, ask }: Props) {
  const operate = viewer()?.may.operate === true
  const history = newestFirst(status.history)
  if (history.length === 0) {
    return <Empty icon="policy" title="No bundle came before this one" />
  }
  return (
    <section class="section" aria-labelledby="history">
      <h2 id="history">History</h2>
      <ol class="history">
        {history.map(({ digest, revision, at_ms }, at) => {
          const before = history[at + 1]
          const now = digest === status.active.digest
          return (
            <li key={`${digest}${at}`} class={now ? 'history-now' : ''}>
              <span class="mono">{shortBundle(revision, digest)}</span>
              <span class="muted">
                <Instant at={at_ms} />
              </span>
              {now ? <span class="kind">in force</span> : null}
              <span class="history-links">
                {before === undefined ? null : (
                  <a
                    href={`/policies/diff?from=${encodeURIComponent(before.digest)}&to=${encodeURIComponent(digest)}`}
                  >
                    What changed
                  </a>
                )}
                {operate && !now ? (
                  <button
                    type="button"
                    class="button button-small"
                    onClick={() => ask({ verb: 'pin', bundle: digest })}
                  >
                    Pin
                  </button>
                ) : null}
              </span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
