// A session as a film: what was sent, what was decided, what was seen, at the time it happened; or as it
// happens. The address holds the command and the other policy, so that a moment can be shown to others.
import { useLocation, useRoute } from 'preact-iso'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { call } from '../api/call.js'
import type { SessionLine } from '../api/answers.js'
import { news } from '../api/live.js'
import { useResource } from '../api/resource.js'
import { CommandList } from '../film/command-list.js'
import { openFilm, type FilmStore } from '../film/film-store.js'
import { createPlayer, type Player } from '../film/player.js'
import { SessionHead } from '../film/session-head.js'
import { SidePanel } from '../film/side-panel.js'
import { Stage } from '../film/stage.js'
import { Timeline } from '../film/timeline.js'
import { Transport } from '../film/transport.js'
import { UnderChoice } from '../film/under-choice.js'
import { useEntry } from '../film/use-entry.js'
import { AskReason } from '../parts/ask-reason.js'
import { Icon } from '../parts/icon.js'
import { Empty, Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'

export function SessionPage() {
  const { params } = useRoute()
  const { query } = useLocation()
  const id = params['id'] ?? ''
  const under = query['under'] ?? ''
  const [turn, setTurn] = useState(0)
  const film = useMemo(() => {
    const store = openFilm(id, under)
    return { store, player: createPlayer(store) }
  }, [id, under, turn])
  useEffect(
    () => () => {
      film.player.stop()
      film.store.close()
    },
    [film],
  )
  useEffect(() => {
    const more = ({ id: changed }: { readonly id: string }): void => {
      if (changed === '' || changed === id || changed.startsWith(id)) film.store.more()
    }
    const first = { command: true, session: true }
    const stops = (['command', 'session'] as const).map((topic) =>
      news[topic].subscribe((now) => {
        if (first[topic]) first[topic] = false
        else more(now)
      }),
    )
    return () => stops.forEach((stop) => stop())
  }, [film, id])
  const { store, player } = film
  const session = store.session.value
  const problem = store.problem.value
  if (session === undefined) {
    return (
      <div class="page">
        <PageHead title="Session" />
        {problem === undefined ? (
          <Loading what="the film" rows={8} />
        ) : (
          <Problem problem={problem} again={() => setTurn(turn + 1)} />
        )}
      </div>
    )
  }
  return <Film key={`${id} ${under} ${turn}`} id={id} store={store} player={player} />
}

type FilmProps = { readonly id: string; readonly store: FilmStore; readonly player: Player }

function Film({ id, store, player }: FilmProps) {
  const { query, route, path } = useLocation()
  const [ending, setEnding] = useState(false)
  const [panel, setPanel] = useState(true)
  const session = store.session.value
  const count = store.loaded.value
  const index = player.index.value
  const live = session?.state === 'open'
  const about = useResource<SessionLine>(`/api/sessions/${encodeURIComponent(id)}`, ['session'], id)
  const mayEnd = live && about.value?.live === true && about.value.may?.end === true
  const wanted = Number(query['at'] ?? 0)
  const [arrived, setArrived] = useState(wanted === 0)
  const command = arrived ? (store.rows[index]?.command ?? 0) : wanted
  const entry = useEntry(store, command, count)

  // To the command that the address names, once it is there.
  useEffect(() => {
    if (arrived) return
    const at = store.rows.findIndex((row) => row.command >= wanted)
    if (at < 0 && !store.complete.value) return
    if (at >= 0) player.choose(at)
    setArrived(true)
  }, [count, arrived, store.complete.value])
  useEffect(() => {
    if (count > 0 && wanted === 0 && player.index.peek() < 0) player.choose(0)
  }, [count > 0])
  // The address follows, without a step of history for each command.
  useEffect(() => {
    if (!arrived || player.playing.peek() || command === 0) return undefined
    const timer = setTimeout(() => {
      const next = new URLSearchParams(location.search)
      next.set('at', String(command))
      route(`${path}?${next}`, true)
    }, 250)
    return () => clearTimeout(timer)
  }, [command, arrived, player.playing.value])

  if (session === undefined) return null
  return (
    <div class="page page-film">
      <SessionHead session={session} live={live}>
        <UnderChoice />
        {mayEnd ? (
          <button type="button" class="button" onClick={() => setEnding(true)}>
            <Icon name="stop" size={14} />
            End it
          </button>
        ) : null}
        <button
          type="button"
          class="button icon-button"
          aria-pressed={panel}
          aria-label="Why"
          title="Facts and rules beside the film"
          onClick={() => setPanel(!panel)}
        >
          <Icon name="panel" />
        </button>
      </SessionHead>
      {count === 0 ? (
        <Empty
          icon="film"
          title={live ? 'Nothing was sent yet' : 'Nothing was sent in this session'}
        >
          <p>
            {live
              ? 'Commands appear here as they come.'
              : 'It opened and closed without a command.'}
          </p>
        </Empty>
      ) : (
        <>
          <div class="player">
            <Transport store={store} player={player} live={live} />
            <Timeline store={store} player={player} />
          </div>
          <div class={panel ? 'film film-with-side' : 'film'}>
            <CommandList store={store} player={player} total={session.commands} />
            <div class="film-stage">
              {entry === undefined ? (
                <Loading what="the command" rows={3} />
              ) : (
                <Screen
                  entry={entry}
                  player={player}
                  opened={session.opened}
                  total={session.commands}
                />
              )}
            </div>
            {panel && entry !== undefined ? <SidePanel entry={entry} /> : null}
          </div>
        </>
      )}
      {ending ? (
        <AskReason
          title="End this session?"
          does="End it"
          close={() => setEnding(false)}
          run={async (reason) => {
            await call(`/api/sessions/${encodeURIComponent(id)}`, {
              method: 'DELETE',
              body: { reason },
            })
            store.more()
          }}
        >
          <p class="muted">
            The client is disconnected at once; what it runs is cancelled, and an open transaction
            is rolled back by the target.
          </p>
        </AskReason>
      ) : null}
    </div>
  )
}

type ScreenProps = Omit<Parameters<typeof Stage>[0], 'untilMs'> & { readonly player: Player }

// While it plays, answers come in as they did.
function Screen({ player, ...rest }: ScreenProps) {
  const playing = player.playing.value
  const untilMs = playing ? player.clock.value.recordedAt(player.hand.value) : Infinity
  return <Stage {...rest} untilMs={untilMs} />
}
