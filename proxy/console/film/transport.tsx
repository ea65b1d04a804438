// The film's controls: play, one command back and on, the next that was held or denied, speed, and, while
// the session lives, following it.
import { useMemo } from 'preact/hooks'
import { Icon } from '../parts/icon.js'
import { counted } from '../reading/counts.js'
import { playerTime } from '../reading/spans-of-time.js'
import { useKeys } from '../shell/keys.js'
import type { FilmStore } from './film-store.js'
import { nextOf, SPEEDS, type Player } from './player.js'

type Props = { readonly store: FilmStore; readonly player: Player; readonly live: boolean }

export function Transport({ store, player, live }: Props) {
  const { playing, speed, following, index } = player
  const jump = (step: 1 | -1, is: Parameters<typeof nextOf>[3]): void => {
    const to = nextOf(store, index.peek(), step, is)
    if (to !== undefined) player.choose(to)
  }
  const stopped: Parameters<typeof nextOf>[3] = ({ meaning }) =>
    meaning === 'deny' || meaning === 'hold'
  const parts: Parameters<typeof nextOf>[3] = ({ parted }) => parted
  const faster = (step: 1 | -1): void => {
    const at = SPEEDS.findIndex((one) => one === speed.peek()) + step
    speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))] ?? 1
  }
  const where = 'The film'
  useKeys(
    [
      { press: ' ', does: 'Play, pause', where, run: player.toggle },
      {
        press: 'ArrowRight',
        does: 'Next command',
        where,
        run: () => player.choose(index.peek() + 1),
      },
      {
        press: 'ArrowLeft',
        does: 'Command before',
        where,
        run: () => player.choose(index.peek() - 1),
      },
      {
        press: 'ArrowDown',
        does: 'Next command',
        where,
        run: () => player.choose(index.peek() + 1),
      },
      {
        press: 'ArrowUp',
        does: 'Command before',
        where,
        run: () => player.choose(index.peek() - 1),
      },
      { press: 'n', does: 'Next denied or held', where, run: () => jump(1, stopped) },
      { press: 'N', does: 'Denied or held before', where, run: () => jump(-1, stopped) },
      {
        press: 'm',
        does: 'Next masked',
        where,
        run: () => jump(1, ({ meaning }) => meaning === 'mask'),
      },
      { press: 'x', does: 'Next place where the films part', where, run: () => jump(1, parts) },
      { press: '>', does: 'Faster', where, run: () => faster(1) },
      { press: '<', does: 'Slower', where, run: () => faster(-1) },
      { press: '0', does: 'To the start', where, run: () => player.seek(0) },
      {
        press: 'f',
        does: 'Follow a live session',
        where,
        run: () => {
          following.value = live && !following.value
        },
      },
    ],
    [store, player, live],
  )
  const { value: loaded } = store.loaded
  const stops = useMemo(
    () => store.rows.reduce((sum, row) => sum + (stopped(row) ? 1 : 0), 0),
    [store, loaded],
  )
  return (
    <div class="transport" role="group" aria-label="Controls of the film">
      <button
        type="button"
        class="button button-primary play"
        aria-label={playing.value ? 'Pause' : 'Play'}
        title={playing.value ? 'Pause (space)' : 'Play (space)'}
        onClick={player.toggle}
      >
        <Icon name={playing.value ? 'pause' : 'play'} />
      </button>
      <button
        type="button"
        class="button icon-button"
        aria-label="Command before"
        title="Command before (←)"
        onClick={() => player.choose(index.peek() - 1)}
      >
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="button icon-button"
        aria-label="Next command"
        title="Next command (→)"
        onClick={() => player.choose(index.peek() + 1)}
      >
        <Icon name="next" />
      </button>
      <Time player={player} />
      <label class="speed">
        <span class="unseen">Speed</span>
        <select
          value={String(speed.value)}
          onChange={(event) => {
            speed.value = Number(event.currentTarget.value)
          }}
        >
          {SPEEDS.map((one) => (
            <option key={one} value={String(one)}>
              {one}×
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button"
        disabled={stops === 0}
        title="Next denied or held (n)"
        onClick={() => jump(1, stopped)}
      >
        <Icon name="deny" size={14} />
        {stops === 0 ? 'Nothing was stopped' : `Next of ${counted(stops, 'stop')}`}
      </button>
      {live ? (
        <button
          type="button"
          class="button"
          aria-pressed={following.value}
          onClick={() => {
            following.value = !following.value
          }}
        >
          <span class="live-dot" aria-hidden="true" />
          {following.value ? 'Following' : 'Follow'}
        </button>
      ) : null}
    </div>
  )
}

// On its own, as it changes with every frame.
function Time({ player }: { readonly player: Player }) {
  const { recordedAt, lengthMs } = player.clock.value
  const now = player.following.value ? lengthMs : player.hand.value
  return (
    <span class="transport-time number">
      {playerTime(recordedAt(now))}
      <span class="muted"> / {playerTime(recordedAt(lengthMs))}</span>
    </span>
  )
}
