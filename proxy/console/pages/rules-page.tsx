// Every rule with how often it spoke: which do the work, which never fired, when each last did.
import { useLocation } from 'preact-iso'
import { useResource } from '../api/resource.js'
import { ActionMark } from '../parts/action-mark.js'
import { FilterText } from '../parts/filter-text.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import type { RuleLine } from '../policy/policy-answers.js'
import { PolicyTabs } from '../policy/policy-tabs.js'
import { count, counted } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'

export function RulesPage() {
  const { query, route } = useLocation()
  const { value, problem, loading, again } = useResource<{ readonly rules: readonly RuleLine[] }>(
    '/api/policy/rules',
    ['policy'],
  )
  const words = query['rule'] ?? ''
  const never = query['never'] === 'yes'
  const rules = [...(value?.rules ?? [])]
    .filter((rule) => !never || quiet(rule))
    .filter(({ id, title = '' }) => `${id} ${title}`.toLowerCase().includes(words.toLowerCase()))
    .sort((a, b) => b.hits - a.hits || a.id.localeCompare(b.id))
  const most = Math.max(1, ...rules.map(({ hits }) => hits))
  const quietOnes = (value?.rules ?? []).filter(quiet).length
  const to = (name: string, text: string): void => {
    const next = new URLSearchParams(location.search)
    if (text === '') next.delete(name)
    else next.set(name, text)
    route(`/policies/rules?${next}`, true)
  }
  return (
    <div class="page page-narrow">
      <PageHead title="Policies" window="Rules" under={<PolicyTabs here="rules" />} />
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="the rules" rows={8} />
      ) : (
        <>
          <div class="bar">
            <FilterText label="Find a rule" value={words} changed={(text) => to('rule', text)} />
            <button
              type="button"
              class="button"
              aria-pressed={never}
              onClick={() => to('never', never ? '' : 'yes')}
            >
              Never fired ({quietOnes})
            </button>
            <span class="muted bar-told">{counted(rules.length, 'rule')}</span>
          </div>
          {rules.length === 0 ? (
            <Empty icon="policy" title={never ? 'Every rule has fired' : 'No rule fits'}>
              <p>Rules stand in the bundle; counts are of what is on record.</p>
            </Empty>
          ) : (
            <ul class="rule-lines">
              {rules.map((rule) => (
                <RuleItem key={rule.id} rule={rule} most={most} />
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  )
}

function quiet({ hits, never }: RuleLine): boolean {
  return never ?? hits === 0
}

function RuleItem({ rule, most }: { readonly rule: RuleLine; readonly most: number }) {
  const { id, title, hits, denied = 0, held = 0, masked = 0, shadow = 0, last_at: last } = rule
  return (
    <li class={quiet(rule) ? 'rule-line rule-quiet' : 'rule-line'}>
      <div class="rule-what">
        <a class="mono" href={`/search?rule=${encodeURIComponent(id)}`} title="What it met">
          {onOneLine(id, 120)}
        </a>
        {title === undefined ? null : <p class="muted">{onOneLine(title, 200)}</p>}
      </div>
      <span class="rule-marks">
        {denied === 0 ? null : <ActionMark meaning="deny" word={`${count(denied)} denied`} />}
        {rule.retired === true ? <span class="kind">of an earlier bundle</span> : null}
        {shadow === 0 ? null : <span class="kind">{count(shadow)} in shadow</span>}
        {masked === 0 ? null : <ActionMark meaning="mask" word={`${count(masked)} masked`} />}
        {held === 0 ? null : <ActionMark meaning="hold" word={`${count(held)} held`} />}
      </span>
      <span class="rule-hits" title={counted(hits, 'hit')}>
        <span class="rule-bar" aria-hidden="true">
          <span style={{ width: `${Math.round((Math.log1p(hits) / Math.log1p(most)) * 100)}%` }} />
        </span>
        <b>{count(hits)}</b>
        <span class="unseen"> hits</span>
      </span>
      <span class="rule-last muted">
        {last === undefined ? 'never' : <Instant at={last} relative />}
      </span>
    </li>
  )
}
