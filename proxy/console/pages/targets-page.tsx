// What the gateway leads to: each target with its labels, whether it answers, how old what is known of
// its tables is, and who is there now.
import type { TargetLine } from '../api/answers.js'
import { useResource } from '../api/resource.js'
import { Labels } from '../parts/labels.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { count, counted } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'

type Answer = readonly TargetLine[] | { readonly targets: readonly TargetLine[] }

export function TargetsPage() {
  const { value, problem, loading, again } = useResource<Answer>('/api/targets', [
    'health',
    'session',
  ])
  const targets = value === undefined ? [] : 'targets' in value ? value.targets : value
  return (
    <div class="page">
      <PageHead title="Targets" />
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="the targets" rows={3} />
      ) : targets.length === 0 ? (
        <Empty icon="target" title="No target that you may see">
          <p>
            Targets stand in the configuration under <code>targets</code>;{' '}
            <code>sallyport config check</code> tells what is wrong with it.
          </p>
        </Empty>
      ) : (
        <ul class="grid-cards">
          {targets.map((target) => (
            <li key={target.name} class="card">
              <TargetCard target={target} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

// Of what is known of its names.
const STATES: Readonly<Record<string, readonly ['good' | 'soso' | 'bad', string]>> = {
  current: ['good', 'up to date'],
  stale: ['bad', 'its names could not be read of late'],
  unknown: ['soso', 'not opened yet'],
}

function TargetCard({ target }: { readonly target: TargetLine }) {
  const { name, kind, labels, state, catalogue, sessions, databases } = target
  const [tone, words] = STATES[state] ?? ['bad', state]
  return (
    <>
      <div class="card-head">
        <b>{onOneLine(name, 80)}</b>
        <span class="kind">{onOneLine(kind, 20)}</span>
        <span class={`state state-${tone}`}>{onOneLine(words, 60)}</span>
      </div>
      <Labels labels={labels} />
      <dl class="pairs">
        <dt>Sessions</dt>
        <dd>
          {sessions === undefined || sessions === 0 ? (
            'nobody is there now'
          ) : (
            <a href={`/sessions?state=live&target=${encodeURIComponent(name)}`}>
              {counted(sessions, 'session')} live
            </a>
          )}
        </dd>
        <dt>Catalogue</dt>
        <dd>
          {catalogue?.relations === undefined
            ? 'not read yet'
            : `${count(catalogue.relations)} tables and views`}
          {catalogue?.age_ms === undefined ? '' : `, ${lengthOf(catalogue.age_ms)} old`}
        </dd>
        {databases === undefined || databases.length < 2 ? null : (
          <>
            <dt>Databases</dt>
            <dd>{databases.map((one) => onOneLine(one, 60)).join(', ')}</dd>
          </>
        )}
        <dt>Connect</dt>
        <dd class="mono break">sallyport connect {onOneLine(name, 80)}</dd>
      </dl>
    </>
  )
}
