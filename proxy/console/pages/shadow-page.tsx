// What another bundle, which watches and decides nothing, would have answered otherwise: by kind of
// difference, each with commands that show it.
import { useResource } from '../api/resource.js'
import { ActionMark } from '../parts/action-mark.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { SqlInline } from '../parts/sql-text.js'
import { shortBundle, type ShadowReport } from '../policy/policy-answers.js'
import { PolicyTabs } from '../policy/policy-tabs.js'
import { meaningOf } from '../reading/action-words.js'
import { count, counted } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'

export function ShadowPage() {
  const { value, problem, loading, again } = useResource<ShadowReport>('/api/policy/shadow', [
    'policy',
  ])
  const none = problem?.status === 404 || problem?.status === 409 || value?.bundle === ''
  return (
    <div class="page page-narrow">
      <PageHead title="Policies" window="Shadow" under={<PolicyTabs here="shadow" />} />
      {none ? (
        <Empty icon="policy" title="Nothing is in the shadow slot">
          <p>
            A bundle in shadow sees every command and decides none. In a terminal:{' '}
            <code>sallyport policy shadow</code>
          </p>
        </Empty>
      ) : problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading || value === undefined ? (
        <Loading what="the shadow" />
      ) : (
        <Report report={value} />
      )}
    </div>
  )
}

function Report({ report }: { readonly report: ShadowReport }) {
  const { revision, bundle, same, differs, dropped, failed, flips, since_ms } = report
  const all = Math.max(1, same + differs)
  return (
    <>
      <section class="card" aria-label="In shadow">
        <h2>In shadow</h2>
        <p class="revision mono">{shortBundle(revision, bundle)}</p>
        <div class="tallies">
          <p>
            <b>{count(same)}</b> <span class="muted">the same</span>
          </p>
          <p class={differs > 0 ? 'tally-hold' : ''}>
            <b>{count(differs)}</b>{' '}
            <span class="muted">otherwise ({((differs / all) * 100).toFixed(2)} %)</span>
          </p>
          <p>
            <b>{count(dropped)}</b> <span class="muted">not looked at</span>
          </p>
          <p class={failed > 0 ? 'tally-deny' : ''}>
            <b>{count(failed)}</b> <span class="muted">failed</span>
          </p>
        </div>
        {since_ms === undefined ? null : (
          <p class="fine muted">
            Since <Instant at={since_ms} />
          </p>
        )}
      </section>
      {flips.length === 0 ? (
        <Empty icon="allow" title="It would have answered everything the same">
          <p>Leave it in shadow for as long as your traffic needs to show everything it does.</p>
        </Empty>
      ) : (
        <ul class="flips">
          {flips.map((flip, at) => (
            <li key={at} class="card">
              <p class="flip-head">
                <ActionMark meaning={meaningOf(flip.action)} word={flip.action} />
                <Icon name="arrow" size={14} />
                <ActionMark meaning={meaningOf(flip.shadow_action)} word={flip.shadow_action} />
                <b>{counted(flip.count, 'command')}</b>
                <span class="muted mono">
                  {[...new Set([...flip.rules, ...flip.shadow_rules])]
                    .map((rule) => onOneLine(rule, 80))
                    .join(', ')}
                </span>
              </p>
              <ul class="examples">
                {flip.examples.map(({ session, command, at_ms, text }) => (
                  <li key={`${session} ${command}`}>
                    <a
                      href={`/sessions/${session}?at=${command}&under=${encodeURIComponent(bundle)}`}
                    >
                      <span class="muted">
                        <Instant at={at_ms} />
                      </span>
                      <SqlInline text={onOneLine(text, 200)} />
                    </a>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
