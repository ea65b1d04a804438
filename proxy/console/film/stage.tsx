// The screen of the film: the command as it was sent, and, while it plays, its answer as it came in.
import { ActionMark } from '../parts/action-mark.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { ResultView } from '../parts/result-view.js'
import { SqlText } from '../parts/sql-text.js'
import { lastMeaning, meaningOf } from '../reading/action-words.js'
import { count, counted } from '../reading/counts.js'
import { onOneLine, printable } from '../reading/printable.js'
import { lengthOf, shortDuration } from '../reading/spans-of-time.js'
import type { FilmEntry } from './film-answers.js'
import { partingWords } from './parting-words.js'

type Props = {
  readonly entry: FilmEntry
  readonly opened: number
  readonly total: number
  // Milliseconds since the session opened; what came later is not shown yet.
  readonly untilMs: number
}

export function Stage({ entry, opened, total, untilMs }: Props) {
  const { command, text, outcome, under } = entry
  const effects = entry.facts?.command?.effects ?? []
  return (
    <article class="stage" aria-label={`Command ${command}`}>
      <header class="stage-head">
        <ActionMark meaning={lastMeaning(entry)} />
        <span class="muted number">
          command {count(command)} of {count(Math.max(total, command))}
        </span>
        <span class="muted">
          <Instant at={entry.time ?? opened + entry.at} />
        </span>
        {outcome?.duration_us === undefined ? null : (
          <span class="muted number">
            <Icon name="clock" size={12} /> {shortDuration(outcome.duration_us)}
          </span>
        )}
        {outcome?.masked === undefined || outcome.masked === 0 ? null : (
          <span class="masked-told">{counted(outcome.masked, 'value')} masked</span>
        )}
      </header>
      {under?.parted === true ? (
        <p class={`parting parting-${meaningOf(under.action)}`} role="note">
          <Icon name="chain" size={14} /> <b>Here the films part.</b> {partingWords(under)}
        </p>
      ) : under?.after === true ? (
        <p class="parting">Under the other policy the session would have ended before this.</p>
      ) : null}
      <SqlText text={text} effects={effects} flows={entry.facts?.command?.flows ?? []} />
      <Between entry={entry} />
      <Answer entry={entry} untilMs={untilMs} />
    </article>
  )
}

// What happened between the command and its answer: people were asked.
function Between({ entry }: { readonly entry: FilmEntry }) {
  const { approval } = entry
  if (approval === undefined) return null
  const id = typeof approval === 'string' ? approval : approval.id
  const events = typeof approval === 'string' ? [] : approval.events
  return (
    <div class="between">
      <Icon name="hold" size={14} />
      <div>
        <p>
          Held for approval: <a href={`/approvals/${id}`}>{onOneLine(id, 20)}</a>
        </p>
        {events.map((event, at) => (
          <p key={at} class="muted">
            {onOneLine(event.event, 20)} after {lengthOf(event.at - entry.at)}
            {event.by === undefined ? '' : ` by ${onOneLine(event.by, 120)}`}
            {event.reason === undefined ? '' : `: “${onOneLine(event.reason, 300)}”`}
          </p>
        ))}
      </div>
    </div>
  )
}

function Answer({ entry, untilMs }: { readonly entry: FilmEntry; readonly untilMs: number }) {
  const { frames, outcome, go, refusal, rules } = entry
  if (frames.length > 0) return <ResultView frames={frames} untilMs={untilMs} />
  if (!go) {
    const [rule] = rules
    return (
      <div class="told told-error">
        <b>Refused.</b> {printable(refusal ?? rule?.message ?? 'The policies do not allow it.')}
        {rule?.hint === undefined ? null : <p>HINT: {printable(rule.hint)}</p>}
      </div>
    )
  }
  if (outcome === undefined) return <p class="tag">No outcome is on record yet.</p>
  return (
    <p class="tag">
      {outcome.tag === undefined ? outcome.result : onOneLine(outcome.tag, 80)}
      {outcome.sqlstate === undefined ? '' : `, SQLSTATE ${onOneLine(outcome.sqlstate, 5)}`}
      {outcome.rows === undefined ? '' : `, ${counted(outcome.rows, 'row')}`}
      <span class="muted"> · what the client saw was not recorded</span>
    </p>
  )
}
