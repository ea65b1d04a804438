// A film as asciicast v2 (docs.asciinema.org/manual/asciicast/v2): the terminal view at its times, for players
// and editors of such files. What is written between the escapes is harmless already.
import type { FilmEntry, FilmSession } from './film.js'
import { entryView, sessionView, type Paint, type ViewOptions } from './terminal-view.js'

export type CastSize = { readonly width: number; readonly height: number }

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const
const paint: Paint = (colour, text) => `\u001b[${COLOURS[colour]}m${text}\u001b[0m`

// Rows shown of one result.
const ROWS = 30
// Longer pauses are shortened by whoever plays it.
const IDLE_SECONDS = 2

export async function* asciicast(
  session: FilmSession,
  entries: AsyncIterable<{ readonly entry: FilmEntry }>,
  { width, height }: CastSize,
): AsyncGenerator<string> {
  yield `${JSON.stringify({
    version: 2,
    width,
    height,
    timestamp: Math.floor(session.opened / 1000),
    idle_time_limit: IDLE_SECONDS,
    title: `${session.name || session.subject} on ${session.target}, session ${session.id}`,
    env: { TERM: 'xterm-256color' },
  })}\n`
  const options: ViewOptions = { paint, session, bounds: { rows: ROWS, width, field: 60 } }
  let last = 0
  const event = (at: number, lines: readonly string[]): string => {
    if (lines.length === 0) return ''
    // Times may not go back.
    last = Math.max(last, at / 1000)
    const text = lines.map((line) => `${line}\r\n`).join('')
    return `${JSON.stringify([Number(last.toFixed(6)), 'o', text])}\n`
  }
  yield event(0, sessionView(session, options).trimEnd().split('\n'))
  for await (const { entry } of entries) {
    const { sent, decided, answer } = entryView(entry, options)
    const asked = entry.approval?.events.find(({ event: what }) => what === 'requested')
    const end = entry.at + (entry.outcome?.duration_us ?? 0) / 1000
    yield (
      event(asked?.at ?? entry.at, sent) + event(entry.at, decided) + event(end, [...answer, ''])
    )
  }
}
