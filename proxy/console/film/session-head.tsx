// Whose session it is, where, when, and what whoever watches must know about the recording.
import type { ComponentChildren } from 'preact'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { PageHead } from '../parts/page-head.js'
import { nameOf, Person } from '../parts/person.js'
import { onOneLine } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'
import type { FilmSession } from './film-answers.js'

type Props = {
  readonly session: FilmSession
  readonly live: boolean
  readonly children?: ComponentChildren
}

export function SessionHead({ session, live, children }: Props) {
  const { target, database, opened, closed, client_address, application, notes } = session
  const where = onOneLine(
    database === target || database === '' ? target : `${target}/${database}`,
    80,
  )
  return (
    <PageHead
      title={`${nameOf(session)} on ${where}`}
      under={
        <>
          <p class="session-under">
            {live ? (
              <span class="live">
                <span class="live-dot" aria-hidden="true" /> live
              </span>
            ) : (
              <span class="ended">{onOneLine(session.state, 60)}</span>
            )}
            <Person who={session} />
            <span class="muted">
              <Instant at={opened} />
              {closed === undefined ? null : `, ${lengthOf(closed - opened)}`}
            </span>
            <span class="muted">{onOneLine(client_address, 60)}</span>
            <span class="muted">{onOneLine(application, 60)}</span>
          </p>
          {notes.map((note) => (
            <p key={note} class="film-note">
              <Icon name="warn" size={14} /> {onOneLine(note, 300)}
            </p>
          ))}
          {session.reason === undefined ? null : (
            <p class="film-note">Ended: {onOneLine(session.reason, 300)}</p>
          )}
        </>
      }
    >
      {children}
    </PageHead>
  )
}
