// Films as asciicast v2: times that never go back, nothing in it that steers a terminal but our own colours, and
// real asciinema plays it.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { asciicast } from '../../../proxy/replay/asciicast.js'
import { createScreening } from '../../../proxy/replay/screening.js'
import { emptyDirectory } from '../recording/sample-record.js'
import { all, filmOf, recordingsOf, sampleFilm } from './film-lab.js'

const asciinema = process.env['SALLYPORT_ASCIINEMA'] ?? 'asciinema'
const missing =
  spawnSync(asciinema, ['--version']).status === 0 ? false : 'no asciinema (SALLYPORT_ASCIINEMA)'

async function cast(directory: string): Promise<string> {
  const film = await filmOf(directory, 'aa-1')
  const recordings = recordingsOf([
    { at: 5, kind: 'command', command: 1, text: 'SELECT 1' },
    { at: 6, kind: 'columns', command: 1, columns: [{ name: '?column?', type: 23 }] },
    { at: 7, kind: 'rows', command: 1, rows: [['1'], ['\u001b[2J\u0007evil']] },
    { at: 8, kind: 'done', command: 1, tag: 'SELECT 1' },
  ])
  const screening = createScreening({ film, recordings })
  const pieces = asciicast(await screening.session(), screening.entries(1), {
    width: 100,
    height: 30,
  })
  return (await all(pieces)).join('')
}

t.test('header, then events whose times never go back', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const [head = '', ...events] = (await cast(directory)).trimEnd().split('\n')
  t.match(JSON.parse(head), {
    version: 2,
    width: 100,
    height: 30,
    timestamp: Number,
    title: /alice on shop/,
  })
  let last = 0
  let text = ''
  for (const event of events) {
    const [at, kind, shown]: [number, string, string] = JSON.parse(event)
    t.equal(kind, 'o')
    t.ok(at >= last)
    last = at
    text += shown
  }
  t.match(text, 'SELECT 1')
  t.match(text, 'destructive/no-where')
  t.match(text, 'approved by bob')
  t.notMatch(
    text.replace(/\u001b\[\d{1,2}m/g, ''),
    /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u0080-\u009f]/,
  )
})

t.test('asciinema prints what is in it', { skip: missing }, async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const file = join(directory, 'film.cast')
  writeFileSync(file, await cast(directory))
  // It wants a terminal; script(1) gives it one.
  const { stdout } = spawnSync('script', ['-qec', `${asciinema} cat ${file}`, '/dev/null'], {
    encoding: 'utf8',
  })
  t.match(stdout, 'DROP TABLE x')
  t.match(stdout, 'approved by bob')
})
