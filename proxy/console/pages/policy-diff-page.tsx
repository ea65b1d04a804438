// What changed from one bundle to another: rules that came and went, and the files line by line.
import { useLocation } from 'preact-iso'
import { useResource } from '../api/resource.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { DiffView } from '../policy/diff-view.js'
import { newestFirst, shortBundle, type PolicyStatus } from '../policy/policy-answers.js'
import { PolicyTabs } from '../policy/policy-tabs.js'
import { onOneLine } from '../reading/printable.js'

type FileChange = {
  readonly path: string
  readonly change?: string
  readonly before?: string | null
  readonly after?: string | null
  // A unified diff, where the gateway made one.
  readonly diff?: string
}

type PolicyDiff = {
  readonly files?: readonly FileChange[]
  readonly rules?: { readonly added?: readonly string[]; readonly removed?: readonly string[] }
}

export function PolicyDiffPage() {
  const { query, route } = useLocation()
  const status = useResource<PolicyStatus>('/api/policy', ['policy'])
  const history = newestFirst(status.value?.history ?? [])
  const from = query['from'] ?? history[1]?.digest ?? ''
  const to = query['to'] ?? history[0]?.digest ?? ''
  const ready = from !== '' && to !== ''
  const { value, problem, loading, again } = useResource<PolicyDiff>(
    ready
      ? `/api/policy/diff?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`
      : undefined,
  )
  const choose = (name: 'from' | 'to') => (digest: string) => {
    const next = new URLSearchParams({ from, to, [name]: digest })
    route(`/policies/diff?${next}`, true)
  }
  const files = value?.files ?? []
  return (
    <div class="page page-narrow">
      <PageHead title="Policies" window="Differences" under={<PolicyTabs here="diff" />} />
      <div class="bar">
        <BundleChoice label="From" value={from} status={status.value} choose={choose('from')} />
        <span class="muted" aria-hidden="true">
          →
        </span>
        <BundleChoice label="To" value={to} status={status.value} choose={choose('to')} />
      </div>
      {!ready ? (
        status.loading ? (
          <Loading what="the history" />
        ) : (
          <Empty icon="policy" title="There is nothing to compare yet">
            <p>Once another bundle was in force, what changed is shown here.</p>
          </Empty>
        )
      ) : problem !== undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="what changed" />
      ) : files.length === 0 ? (
        <Empty icon="allow" title="The two are the same">
          <p>Every file of one is in the other, byte for byte.</p>
        </Empty>
      ) : (
        <>
          <RuleChanges rules={value?.rules} />
          {files.map((file) => (
            <section key={file.path} class="card file" aria-label={file.path}>
              <h2 class="mono">
                {onOneLine(file.path, 200)}
                {file.change === undefined ? null : <span class="kind">{file.change}</span>}
              </h2>
              <DiffView {...file} />
            </section>
          ))}
        </>
      )}
    </div>
  )
}

function RuleChanges({ rules }: { readonly rules: PolicyDiff['rules'] }) {
  const { added = [], removed = [] } = rules ?? {}
  if (added.length + removed.length === 0) return null
  return (
    <section class="card" aria-label="Rules">
      <h2>Rules</h2>
      {added.map((rule) => (
        <p key={rule} class="mono diff-new">
          + {onOneLine(rule, 120)}
        </p>
      ))}
      {removed.map((rule) => (
        <p key={rule} class="mono diff-gone">
          − {onOneLine(rule, 120)}
        </p>
      ))}
    </section>
  )
}

type ChoiceProps = {
  readonly label: string
  readonly value: string
  readonly status: PolicyStatus | undefined
  readonly choose: (digest: string) => void
}

function BundleChoice({ label, value, status, choose }: ChoiceProps) {
  const choices = new Map((status?.history ?? []).map((one) => [one.digest, one.revision]))
  const shadow = status?.shadow
  if (shadow !== undefined && shadow !== null)
    choices.set(shadow.bundle, `${shadow.revision} (shadow)`)
  if (value !== '' && !choices.has(value)) choices.set(value, '')
  return (
    <label class="under-choice">
      <span class="unseen">{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {[...choices].map(([digest, revision]) => (
          <option key={digest} value={digest} selected={digest === value}>
            {shortBundle(revision, digest)}
          </option>
        ))}
      </select>
    </label>
  )
}
