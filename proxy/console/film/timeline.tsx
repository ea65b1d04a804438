// The line of the film: marks of decisions by colour and height, the hand, and a slider over it that mouse,
// keys and screen readers use. Drawn on a canvas, so that its length costs nothing.
import { useEffect, useRef, useState } from 'preact/hooks'
import { wordOf, type Meaning } from '../reading/action-words.js'
import { marksOf, WEIGHTS } from '../reading/film-marks.js'
import { playerTime } from '../reading/spans-of-time.js'
import { theme } from '../shell/theme.js'
import type { FilmStore } from './film-store.js'
import type { Player } from './player.js'

const HEIGHT = 40
const MARK_WIDTH = 3

export function Timeline({
  store,
  player,
}: {
  readonly store: FilmStore
  readonly player: Player
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const clock = player.clock.value
  const chosenTheme = theme.value
  const count = store.loaded.value
  useEffect(() => {
    const element = canvas.current
    if (element === null) return undefined
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth))
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  useEffect(() => {
    if (canvas.current !== null && width > 0) draw(canvas.current, width, store, clock)
  }, [width, clock, count, chosenTheme])
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const again = (): void => {
      if (canvas.current !== null)
        draw(canvas.current, canvas.current.clientWidth, store, player.clock.peek())
    }
    scheme.addEventListener('change', again)
    return () => scheme.removeEventListener('change', again)
  }, [])
  const row = store.rows[player.index.value]
  const said =
    row === undefined
      ? 'before the first command'
      : `${playerTime(row.at)}, command ${row.command}, ${wordOf(row.meaning)}: ${row.line}`
  return (
    <div class="timeline">
      <canvas ref={canvas} class="timeline-marks" height={HEIGHT} aria-hidden="true" />
      <Hand player={player} />
      <input
        type="range"
        class="timeline-slider"
        min={0}
        max={Math.ceil(clock.lengthMs)}
        step={1}
        value={Math.round(player.following.value ? clock.lengthMs : player.hand.value)}
        aria-label="Time in the film"
        aria-valuetext={said}
        onInput={(event) => player.seek(Number(event.currentTarget.value))}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
          if (step === 0) return
          // By command, not by millisecond.
          event.preventDefault()
          event.stopPropagation()
          player.choose(player.index.peek() + step)
        }}
      />
    </div>
  )
}

// On its own, so that playing paints this and nothing else.
function Hand({ player }: { readonly player: Player }) {
  const { lengthMs } = player.clock.value
  const part = player.following.value ? 1 : player.hand.value / Math.max(1, lengthMs)
  return <span class="timeline-hand" style={{ left: `${part * 100}%` }} aria-hidden="true" />
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  store: FilmStore,
  clock: Player['clock']['value'],
): void {
  const scale = devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(HEIGHT * scale)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(scale, scale)
  const paint = paints(canvas)
  const columns = Math.max(1, Math.floor(width / MARK_WIDTH))
  for (const { column, meaning, parted } of marksOf(
    store.rows,
    clock.at,
    clock.lengthMs,
    columns,
  )) {
    const height = 8 + WEIGHTS[meaning] * 6
    context.globalAlpha = meaning === 'allow' ? 0.55 : 1
    context.fillStyle = paint[meaning]
    context.fillRect(column * MARK_WIDTH, HEIGHT - height, MARK_WIDTH - 1, height)
    if (!parted) continue
    context.globalAlpha = 1
    context.beginPath()
    context.arc(column * MARK_WIDTH + 1, 3, 2.5, 0, Math.PI * 2)
    context.fill()
  }
}

// The colours as they are now. A custom property keeps its light-dark() unread; a colour is what it came to.
function paints(canvas: HTMLCanvasElement): Readonly<Record<Meaning, string>> {
  const colour = (meaning: Meaning): string => {
    canvas.dataset['paint'] = meaning
    return getComputedStyle(canvas).color
  }
  return {
    allow: colour('allow'),
    mask: colour('mask'),
    hold: colour('hold'),
    deny: colour('deny'),
  }
}
