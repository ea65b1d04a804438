// Sessions, live ones first: who is where, since when, what the policies had to say. Filters are in the
// address; older ones come on demand.
import { useLocation } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import type { SessionLine } from '../api/answers.js'
import { call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { viewer } from '../api/viewer.js'
import { ActionMark } from '../parts/action-mark.js'
import { AskReason } from '../parts/ask-reason.js'
import { FilterText } from '../parts/filter-text.js'
import { Instant } from '../parts/instant.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { nameOf } from '../parts/person.js'
import { Tabs } from '../parts/tabs.js'
import type { Meaning } from '../reading/action-words.js'
import { count } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'
import { now } from '../shell/now.js'

type Page = {
  readonly sessions: readonly SessionLine[]
  readonly next?: string
  readonly complete?: boolean
}

const STATES = [
  ['live', 'Live'],
  ['ended', 'Ended'],
  ['all', 'All'],
] as const

const READING_MS = 1_500

export function SessionsPage() {
  const { query, route, path } = useLocation()
  const state = STATES.find(([name]) => name === query['state'])?.[0] ?? 'all'
  const asked = new URLSearchParams({ state, limit: '100' })
  for (const name of ['target', 'person'] as const) {
    const value = query[name]
    if (value !== undefined && value !== '') asked.set(name, value)
  }
  const question = `/api/sessions?${asked}`
  const { value, problem, loading, again } = useResource<Page>(question, ['session'])
  const [older, setOlder] = useState<Page>()
  const [ending, setEnding] = useState<SessionLine>()
  useEffect(() => setOlder(undefined), [question])
  // The gateway still reads what was recorded before: what it has by then is shown as it comes.
  useEffect(() => {
    if (value?.complete !== false) return undefined
    const timer = setTimeout(again, READING_MS)
    return () => clearTimeout(timer)
  }, [value])
  const next = older === undefined ? value?.next : older.next
  const seen = new Set(value?.sessions.map(({ id }) => id))
  const sessions = [
    ...(value?.sessions ?? []),
    ...(older?.sessions ?? []).filter(({ id }) => !seen.has(id)),
  ]
  const filtered = (name: string) => (text: string) => {
    const to = new URLSearchParams(location.search)
    if (text === '') to.delete(name)
    else to.set(name, text)
    route(`${path}?${to}`, true)
  }
  const hrefOf = (name: string): string => {
    const to = new URLSearchParams(location.search)
    to.set('state', name)
    return `/sessions?${to}`
  }
  return (
    <div class="page">
      <PageHead
        title="Sessions"
        under={
          <Tabs
            label="Which sessions"
            tabs={STATES.map(([name, title]) => ({
              href: hrefOf(name),
              title,
              here: name === state,
            }))}
          />
        }
      >
        <FilterText label="Person" value={query['person'] ?? ''} changed={filtered('person')} />
        <FilterText label="Target" value={query['target'] ?? ''} changed={filtered('target')} />
      </PageHead>
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading ? (
        <Loading what="the sessions" rows={8} />
      ) : sessions.length === 0 ? (
        <Empty icon="film" title={state === 'live' ? 'Nobody is connected' : 'No session fits'}>
          <p>
            Connect with <code>psql</code> or any driver, with a token as the password, and the
            session appears here at once: <code>sallyport connect shop</code>
          </p>
        </Empty>
      ) : (
        <Table sessions={sessions} end={setEnding} />
      )}
      {value?.complete === false ? (
        <p class="muted fine">Older records are still being read; more may appear.</p>
      ) : null}
      {next === undefined ? null : (
        <button
          type="button"
          class="button more"
          onClick={() =>
            void call<Page>(`${question}&before=${encodeURIComponent(next)}`).then((page) =>
              setOlder({ ...page, sessions: [...(older?.sessions ?? []), ...page.sessions] }),
            )
          }
        >
          Older sessions
        </button>
      )}
      {ending === undefined ? null : (
        <AskReason
          title={`End the session of ${nameOf(ending)} on ${onOneLine(ending.target, 60)}?`}
          does="End it"
          close={() => setEnding(undefined)}
          run={async (reason) => {
            await call(`/api/sessions/${encodeURIComponent(ending.id)}`, {
              method: 'DELETE',
              body: { reason },
            })
            again()
          }}
        >
          <p class="muted">
            The client is disconnected at once; an open transaction is rolled back.
          </p>
        </AskReason>
      )}
    </div>
  )
}

type TableProps = {
  readonly sessions: readonly SessionLine[]
  readonly end: (session: SessionLine) => void
}

function Table({ sessions, end }: TableProps) {
  return (
    <div class="table-box">
      <table class="table table-sessions">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Target</th>
            <th scope="col">Began</th>
            <th scope="col">Lasts</th>
            <th scope="col" class="right">
              Commands
            </th>
            <th scope="col">Decisions</th>
            <th scope="col" class="wide">
              From
            </th>
            <th scope="col">
              <span class="unseen">Do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.id} session={session} end={end} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

type RowProps = { readonly session: SessionLine; readonly end: (session: SessionLine) => void }

function Row({ session, end }: RowProps) {
  const { id, kind, target, database, since, ended_at, live, commands } = session
  const from = Date.parse(since)
  const until =
    ended_at === undefined ? (live === true ? now.value : undefined) : Date.parse(ended_at)
  const own = viewer()?.subject === session.subject
  return (
    <tr>
      <td>
        <a
          class="row-link"
          href={`/sessions/${id}`}
          title={onOneLine(`${session.subject} of ${session.issuer}`)}
        >
          {live === true ? <span class="live-dot" title="live" /> : null}
          {nameOf(session)}
          {live === true ? <span class="unseen"> (live)</span> : null}
        </a>{' '}
        <span class={`kind kind-${kind}`}>{onOneLine(kind, 20)}</span>
      </td>
      <td>
        {onOneLine(database === target || database === '' ? target : `${target}/${database}`, 60)}
      </td>
      <td class="nowrap">
        <Instant at={since} />
      </td>
      <td class="lasts nowrap muted">{until === undefined ? '' : lengthOf(until - from)}</td>
      <td class="right">{commands === undefined ? '' : count(commands)}</td>
      <td>
        <Counts session={session} />
      </td>
      <td class="wide muted">
        {onOneLine([session.client_address, session.application].filter(Boolean).join(' · '), 60)}
      </td>
      <td class="right">
        {live === true && mayTry(own) ? (
          <button type="button" class="button button-small" onClick={() => end(session)}>
            End
          </button>
        ) : null}
      </td>
    </tr>
  )
}

function Counts({
  session: { denials = 0, held = 0, masked = 0 },
}: {
  readonly session: SessionLine
}) {
  const shown: readonly (readonly [Meaning, number, string])[] = [
    ['deny', denials, 'refused'],
    ['hold', held, 'held'],
    ['mask', masked, 'masked'],
  ]
  return (
    <span class="counts">
      {shown.map(([meaning, many, word]) =>
        many === 0 ? null : (
          <span key={word} title={`${many} ${word}`}>
            <ActionMark meaning={meaning} word={`${count(many)} ${word}`} />
          </span>
        ),
      )}
    </span>
  )
}

// Whether one may is asked of the policies, session by session, when it is done.
function mayTry(own: boolean): boolean {
  const may = viewer()?.may
  return own || may?.operate === true || may?.search === true
}
