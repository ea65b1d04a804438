// `sallyport sessions replay`: watches a session like a film, at its pace or as fast as it is printed, as it
// was or under another bundle.
import type { FilmEntry } from '../../replay/film.js'
import { filmJson } from '../../replay/film-json.js'
import { SHOWN } from '../../replay/frame-feed.js'
import { createScreening } from '../../replay/screening.js'
import { entryView, sessionView } from '../../replay/terminal-view.js'
import { GatewayError } from '../../errors.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor } from '../table.js'
import { writtenTo } from './output.js'
import { playedOn } from './play.js'
import {
  PLACE_HELP,
  PLACE_OPTIONS,
  screeningPlace,
  type ScreeningPlace,
} from './screening-place.js'

export const help = `sallyport sessions replay ID    a session like a film: each command at its time, what was decided and
                               why, what the client saw, and the waits for people in between
                               (the first letters of an id are enough; latest: the last opened)

  --speed N          so many times as fast (default 1); gaps of more than two seconds are shortened
  --no-wait          print it at once
  --from N           begin at this command
  --rows N           rows of a result that are shown (default 20)
  --under BUNDLE     decide every command anew under this bundle, and show where the films part: a file
                     (bundle.tar.gz), a folder of policies, a folder at a Git revision
                     (main:policies), or the digest or revision of a bundle kept beside the record
  --fuel N           the budget of one evaluation (policy.fuel)
${PLACE_HELP}
  --format FORMAT    pretty (default) or json (the shape of GET /api/sessions/ID/film)

Keys on a terminal: space stops and goes on, → shows the next command at once, ← the one before,
n goes to the next denial or hold, q ends it.

Exit status: 0 shown, 1 no such session or the record cannot be read, 2 wrong usage.
`

const OPTIONS = {
  ...PLACE_OPTIONS,
  speed: { type: 'string' },
  'no-wait': { type: 'boolean' },
  from: { type: 'string' },
  rows: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw new GatewayError('usage', 'name one session')
  const from = whole(values.from, 1, '--from')
  const rows = whole(values.rows, 20, '--rows')
  const speed = speedOf(values.speed)
  const place = await screeningPlace(id, values, io)
  const film = await place.film()
  const under = place.under?.film
  const screening = createScreening({
    film,
    ...(under === undefined ? {} : { under }),
    ...(place.recordings === undefined ? {} : { recordings: place.recordings }),
    bounds: { rows: Math.max(rows, SHOWN.rows), bytes: SHOWN.bytes },
  })
  const session = await screening.session()
  if (format === 'json') {
    const where = under === undefined ? () => Promise.resolve({}) : () => under.place()
    await writtenTo(io, filmJson(session, screening.entries(from), where))
    return 0
  }
  const paint = paintFor(io)
  const bounds = { rows, width: widthOf(io), field: 60 }
  const options = { paint, bounds, session }
  io.stdout.write(`${sessionView(session, options)}${underHead(place)}\n`)
  const text = (entry: FilmEntry): string => {
    const { sent, decided, answer } = entryView(entry, options)
    return `${[...sent, ...decided, ...answer].join('\n')}\n\n`
  }
  if (values['no-wait'] === true || io.stdout.isTTY !== true) {
    await writtenTo(io, texts(screening.entries(from), text))
  } else await playedOn(io, { film, screening, from, speed, text })
  if (under !== undefined) io.stdout.write(await partingLine(under))
  return 0
}

async function* texts(
  entries: AsyncIterable<{ readonly entry: FilmEntry }>,
  text: (entry: FilmEntry) => string,
): AsyncGenerator<string> {
  for await (const { entry } of entries) yield text(entry)
}

function underHead({ under }: ScreeningPlace): string {
  if (under === undefined) return ''
  const { revision, digest } = under.policy
  return `under ${revision === '' ? digest : `${revision} (${digest})`}\n`
}

async function partingLine(under: NonNullable<ScreeningPlace['under']>['film']): Promise<string> {
  const { partedAt, endedAt } = await under.place()
  if (partedAt === undefined) return 'the films do not part\n'
  const ended = endedAt === undefined ? '' : `; the branch ends at command ${endedAt}`
  return `the films part at command ${partedAt}${ended}\n`
}

// Some terminals do not know how wide they are, and say 0.
function widthOf({ stdout }: Io): number {
  const columns = stdout.columns ?? 0
  return columns === 0 ? 160 : Math.max(40, columns)
}

function whole(text: string | undefined, otherwise: number, name: string): number {
  if (text === undefined) return otherwise
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new GatewayError('usage', `${name} is a number from 1 on, not ${text}`)
}

function speedOf(text: string | undefined): number {
  const speed = text === undefined ? 1 : Number(text)
  if (Number.isFinite(speed) && speed >= 0.01 && speed <= 10_000) return speed
  throw new GatewayError('usage', `--speed is a number such as 2 or 0.5, not ${text ?? ''}`)
}
