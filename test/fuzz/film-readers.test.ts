// Records and exports that somebody damaged or made up: films of them end in words or in what can be shown,
// never in a crash, and nothing of them steers a terminal.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { GatewayError } from '../../proxy/errors.js'
import { exportedLines } from '../../proxy/recording/export-record.js'
import { createFilms } from '../../proxy/replay/films.js'
import { entryView } from '../../proxy/replay/terminal-view.js'
import { all, sampleFilm } from '../proxy/replay/film-lab.js'
import { chance, type Chance } from './chance.js'

const ROUNDS = Math.max(200, Math.round(Number(process.env['SALLYPORT_FUZZ'] ?? '100000') / 100))
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\n',
  '\\',
  'null',
  '-1',
  '1e999',
  '"aa-1"',
  '"kind":"command"',
  '__proto__',
  '\u001b[2J',
  '\u202e',
  '\ud800',
  '"outcomes":[',
  '"session":"aa-1"',
]

function damaged(text: string, random: Chance): string {
  let out = text
  for (let n = 1 + random.below(4); n > 0; n--) {
    const at = random.below(out.length + 1)
    const to = Math.min(out.length, at + random.below(40))
    switch (random.below(5)) {
      case 0:
        out = out.slice(0, at) + out.slice(to)
        break
      case 1:
        out = out.slice(0, at) + random.pick(PIECES) + out.slice(at)
        break
      case 2:
        out = out.slice(0, to) + out.slice(at)
        break
      case 3: {
        const lines = out.split('\n')
        const one = random.below(lines.length)
        lines.splice(random.below(lines.length), 0, lines[one] ?? '')
        out = lines.join('\n')
        break
      }
      default:
        out = out.replace(/\d+/g, (digits) =>
          random.below(60) === 0 ? random.pick(PIECES) : digits,
        )
    }
  }
  return out
}

async function shown(place: string): Promise<string> {
  let text = ''
  try {
    for (const id of ['aa-1', 'bb-2']) {
      const film = await createFilms(place).film(id)
      if (film === undefined) continue
      const bounds = { rows: 5, width: 100, field: 40 }
      for await (const { entry } of film.shots(1)) {
        const options = { paint: (_: string, one: string) => one, bounds, session: film.session }
        const { sent, decided, answer } = entryView(entry, options)
        text += [...sent, ...decided, ...answer].join('\n')
      }
    }
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
  }
  return text
}

t.test('damaged records and exports', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  await sampleFilm(directory)
  const [segment = ''] = readdirSync(directory).filter((name) => name.startsWith('segment-'))
  const record = readFileSync(join(directory, segment), 'utf8')
  const lines = await all(
    exportedLines(directory, { fromMs: -Infinity, toMs: Infinity, session: undefined }),
  )
  const exported = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const file = join(directory, 'export.jsonl')
  const random = chance(SEED)
  let something = 0
  for (let n = 0; n < ROUNDS; n++) {
    const isRecord = n % 2 === 0
    const text = damaged(isRecord ? record : exported, random)
    writeFileSync(isRecord ? join(directory, segment) : file, text)
    const seen = await shown(isRecord ? directory : file)
    if (seen !== '') something += 1
    if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\ud800-\udfff]/u.test(seen)) {
      t.fail(`round ${n} steers the terminal: ${JSON.stringify(seen).slice(0, 500)}`)
      return
    }
  }
  t.ok(something > ROUNDS / 4, `${something} of ${ROUNDS} could be shown`)
})
