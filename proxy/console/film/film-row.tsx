// One command in the list beside the film: time, decision, text, and where the films part.
import { ActionMark } from '../parts/action-mark.js'
import { wordOf } from '../reading/action-words.js'
import { count } from '../reading/counts.js'
import { playerTime } from '../reading/spans-of-time.js'
import type { FilmRow as Row } from './film-store.js'

export function FilmRow({ row }: { readonly row: Row }) {
  const { at, meaning, line, rows, failed, under, parted } = row
  return (
    <span class={`film-row film-row-${meaning}`}>
      <span class="film-row-time">{playerTime(at)}</span>
      <ActionMark meaning={meaning} small />
      {under === undefined ? null : (
        <span class={parted ? 'film-under parted' : 'film-under'} title={`there: ${wordOf(under)}`}>
          <ActionMark meaning={under} word={`under the other policy ${wordOf(under)}`} small />
        </span>
      )}
      <code class="film-row-text">{line}</code>
      <span class="film-row-rows">{failed ? 'failed' : rows === undefined ? '' : count(rows)}</span>
    </span>
  )
}
