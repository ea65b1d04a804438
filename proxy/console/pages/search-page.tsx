// "Who touched customers.ssn in production in the first quarter, and what did they see?": the record, by
// words and by field. The question is in the address, each hit leads to its moment in the film.
import { useLocation } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Hit } from '../api/answers.js'
import { ApiProblem, call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { ActionMark } from '../parts/action-mark.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { SqlInline } from '../parts/sql-text.js'
import { meaningOf } from '../reading/action-words.js'
import { count, counted } from '../reading/counts.js'
import { shortName } from '../reading/effect-words.js'
import { onOneLine } from '../reading/printable.js'

type Found = {
  readonly hits: readonly Hit[]
  readonly total_at_least?: number
  readonly next?: string
  readonly took_ms?: number
  readonly standing?: {
    readonly behind_bytes: number
    readonly gaps: readonly { readonly why: string }[]
  }
}

const FIELDS = [
  ['person', 'Person', 'text'],
  ['target', 'Target', 'text'],
  ['object', 'Object', 'text'],
  ['label', 'Label', 'text'],
  ['rule', 'Rule', 'text'],
  ['from', 'From', 'datetime-local'],
  ['to', 'Until', 'datetime-local'],
] as const

const ACTIONS = ['allow', 'mask-fields', 'require-approval', 'deny'] as const

export function SearchPage() {
  const { query, route } = useLocation()
  const asked = questionOf(query)
  const { value, problem, loading, again } = useResource<Found>(
    asked === '' ? undefined : `/api/search?${asked}&limit=50`,
  )
  const [more, setMore] = useState<Found>()
  const [failed, setFailed] = useState<ApiProblem>()
  useEffect(() => setMore(undefined), [asked])
  const form = useRef<HTMLFormElement>(null)
  const ask = (): void => {
    if (form.current === null) return
    const next = new URLSearchParams()
    for (const [name, text] of new FormData(form.current)) {
      if (typeof text === 'string' && text.trim() !== '') next.set(name, text.trim())
    }
    route(`/search?${next}`, true)
  }
  const hits = [...(value?.hits ?? []), ...(more?.hits ?? [])]
  const cursor = more === undefined ? value?.next : more.next
  return (
    <div class="page page-narrow">
      <PageHead
        title="Search"
        window={query['q'] === undefined ? 'Search' : `Search: ${query['q']}`}
      />
      <form
        ref={form}
        class="search-form"
        role="search"
        key={asked}
        onSubmit={(event) => {
          event.preventDefault()
          ask()
        }}
      >
        <div class="search-box">
          <Icon name="search" />
          <input
            type="search"
            name="q"
            defaultValue={query['q'] ?? ''}
            placeholder="Words of a command, an object, a person …"
            aria-label="Words"
          />
        </div>
        <div class="search-fields">
          {FIELDS.map(([name, title, type]) => (
            <label key={name} class="field">
              <span>{title}</span>
              {type === 'text' ? (
                <input
                  type="text"
                  name={name}
                  defaultValue={query[name] ?? ''}
                  placeholder={EXAMPLES[name]}
                />
              ) : (
                <input type="datetime-local" name={name} defaultValue={query[name] ?? ''} />
              )}
            </label>
          ))}
          <label class="field">
            <span>Decision</span>
            <select name="action" defaultValue={query['action'] ?? ''}>
              <option value="">any</option>
              {ACTIONS.map((action) => (
                <option key={action} value={action} selected={query['action'] === action}>
                  {action}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div>
          <button type="submit" class="button button-primary">
            Search the record
          </button>
        </div>
      </form>
      {asked === '' ? (
        <Empty icon="search" title="Ask the record">
          <p>
            For instance: who touched <a href="/search?object=public.customers">customers</a>, what
            was <a href="/search?action=deny">denied</a>, where{' '}
            <a href="/search?label=pii">personal data</a> was read.
          </p>
          <p>
            Fields can be typed as well: <code>column:customers.ssn env:prod "free text"</code>
          </p>
        </Empty>
      ) : problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="what was found" rows={6} />
      ) : hits.length === 0 ? (
        <Empty icon="search" title="Nothing on record fits">
          <p>Leave out a field, or look at a longer time.</p>
        </Empty>
      ) : (
        <>
          <p class="search-told muted" role="status">
            {told(value, hits.length)}
          </p>
          <ul class="hits">
            {hits.map((hit) => (
              <li key={`${hit.session} ${hit.command}`}>
                <HitLine hit={hit} />
              </li>
            ))}
          </ul>
          {(value?.standing?.behind_bytes ?? 0) > 0 ? (
            <p class="fine muted">The newest lines of the record are still being read.</p>
          ) : null}
          {(value?.standing?.gaps ?? []).map(({ why }) => (
            <p key={why} class="film-note">
              A part of the record could not be searched: {onOneLine(why, 200)}
            </p>
          ))}
          {failed === undefined ? null : <Problem problem={failed} />}
          {cursor === undefined ? null : (
            <button
              type="button"
              class="button more"
              onClick={() => {
                call<Found>(`/api/search?${asked}&limit=50&cursor=${encodeURIComponent(cursor)}`)
                  .then((page) => setMore({ ...page, hits: [...(more?.hits ?? []), ...page.hits] }))
                  .catch((wrong: unknown) => {
                    setFailed(wrong instanceof ApiProblem ? wrong : undefined)
                  })
              }}
            >
              More
            </button>
          )}
        </>
      )}
    </div>
  )
}

const EXAMPLES: Readonly<Record<(typeof FIELDS)[number][0], string>> = {
  person: 'name or subject',
  target: 'shop',
  object: 'public.customers',
  label: 'pii',
  rule: 'destructive/drop',
  from: '',
  to: '',
}

// Times are typed in the reader's zone and asked in UTC.
function questionOf(query: Readonly<Record<string, string>>): string {
  const asked = new URLSearchParams()
  for (const name of ['q', 'action', ...FIELDS.map(([field]) => field)]) {
    const value = query[name] ?? ''
    if (value === '') continue
    const time = (name === 'from' || name === 'to') && !Number.isNaN(Date.parse(value))
    asked.set(name, time ? new Date(value).toISOString() : value)
  }
  return asked.toString()
}

function told(found: Found | undefined, shown: number): string {
  const all = found?.total_at_least ?? shown
  const words =
    all > shown
      ? `${count(shown)} of at least ${counted(all, 'command')}`
      : counted(shown, 'command')
  return found?.took_ms === undefined ? words : `${words}, in ${Math.round(found.took_ms)} ms`
}

function HitLine({ hit }: { readonly hit: Hit }) {
  const { session, command, time, who, kind, target, action, rules, objects, labels } = hit
  const text = hit.snippet ?? hit.text ?? '(no longer on record)'
  const saw = hit.saw ?? []
  return (
    <a class="hit" href={`/sessions/${session}?at=${command}`}>
      <span class="hit-top">
        <ActionMark meaning={meaningOf(action)} />
        <b>{onOneLine(who, 80)}</b>
        {hit.subject === undefined || hit.subject === who ? null : (
          <span class="muted">{onOneLine(hit.subject, 80)}</span>
        )}
        <span class={`kind kind-${kind}`}>{onOneLine(kind, 20)}</span>
        <span class="muted">on</span> {onOneLine(target, 60)}
        <Instant at={time} />
      </span>
      <SqlInline text={onOneLine(text, 240)} />
      <span class="hit-about">
        {objects.slice(0, 6).map((object) => (
          <span key={object} class="mono">
            {onOneLine(shortName(object), 80)}
          </span>
        ))}
        {labels.map((label) => (
          <span key={label} class="label label-data">
            {onOneLine(label, 40)}
          </span>
        ))}
        {saw.length === 0 ? null : (
          <span>
            saw{' '}
            {saw
              .slice(0, 6)
              .map((column) => onOneLine(shortName(column), 60))
              .join(', ')}
            {typeof hit.rows === 'number' ? ` in ${counted(hit.rows, 'row')}` : ''}
            {typeof hit.masked === 'number' && hit.masked > 0
              ? `, ${count(hit.masked)} masked`
              : ''}
          </span>
        )}
        {rules.map((rule) => (
          <span key={rule} class="mono">
            {onOneLine(rule, 80)}
          </span>
        ))}
      </span>
    </a>
  )
}
