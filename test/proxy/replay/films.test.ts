// A session put together again from the record: nothing of it is lost, nothing of another's is in it.
import { appendFileSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { exportedLines } from '../../../proxy/recording/export-record.js'
import { createFilms } from '../../../proxy/replay/films.js'
import { commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { all, filmOf, OPENED, sampleFilm, shotsOf } from './film-lab.js'

const EVERYTHING = { fromMs: -Infinity, toMs: Infinity, session: undefined }

t.test('a film tells each command with decision, outcome, approval and incident', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const film = await filmOf(directory, 'aa-1')
  t.match(film.session, {
    id: 'aa-1',
    name: 'alice',
    target: 'shop',
    client_address: '10.0.0.1',
    state: 'closed',
    commands: 3,
    notes: [],
  })
  const entries = (await shotsOf(film)).map(({ entry }) => entry)
  t.match(entries, [
    {
      command: 1,
      text: 'SELECT 1',
      action: 'allow',
      go: true,
      outcome: { result: 'done', rows: 1 },
    },
    {
      command: 2,
      action: 'deny',
      go: false,
      rules: [{ id: 'destructive/no-where', hint: 'add a WHERE' }],
      incidents: [{ event: 'mask_missed', detail: 'a detail' }],
    },
    {
      command: 3,
      approval: {
        id: 'ap-1',
        events: [
          { event: 'requested' },
          { event: 'approved', by: 'bob', reason: 'yes' },
          { event: 'used' },
        ],
      },
      outcome: { result: 'failed', sqlstate: '42P01' },
    },
  ])
  t.equal(entries[1]?.outcome, undefined)
  const [first] = await shotsOf(film)
  t.match(first?.facts, { identity: { name: 'alice' }, command: { protocol: 'postgres' } })
  const other = await shotsOf(await filmOf(directory, 'bb-2'))
  t.same(
    other.map(({ entry }) => entry.text),
    ['SELECT other'],
  )
})

t.test('an export of the record shows the same film as the record', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory, { segmentBytes: 3000 })
  const file = join(directory, 'export.jsonl')
  const lines = await all(exportedLines(directory, EVERYTHING))
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  for (const id of ['aa-1', 'bb-2']) {
    const [one, other] = [await filmOf(directory, id), await filmOf(file, id)]
    t.same(other.session, one.session)
    t.same(await shotsOf(other), await shotsOf(one))
  }
})

t.test('what is added while a session is open is found by looking again', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, segmentBytes: 4000 })
  recorder.session({ session: 's1', ...OPENED })
  await recorded(recorder, commandRecord(1))
  const films = createFilms(directory)
  t.equal((await films.film('s1'))?.session.state, 'open')
  for (let n = 2; n <= 40; n++) {
    await recorded(recorder, commandRecord(n))
    recorder.outcome({ session: 's1', command: n, result: 'done', rows: n })
    if (n % 7 === 0) t.equal((await films.film('s1'))?.commands.length, n)
  }
  recorder.session({ session: 's1', event: 'closed' })
  await recorder.close()
  const film = await films.film('s1')
  t.equal(film?.session.state, 'closed')
  const shots = film === undefined ? [] : await shotsOf(film, 2)
  t.same(
    shots.map(({ entry }) => entry.outcome?.rows),
    shots.map(({ entry }) => entry.command),
  )
})

t.test('a session whose gateway ended before it did is shown as ended', async (t) => {
  const directory = emptyDirectory(t)
  const first = await createRecorder({ directory })
  first.session({ session: 's1', ...OPENED })
  await recorded(first, commandRecord(1))
  await first.close()
  t.equal((await filmOf(directory, 's1')).session.state, 'open')
  await (await createRecorder({ directory })).close()
  t.equal((await filmOf(directory, 's1')).session.state, 'ended with the gateway')
})

t.test('a deleted segment leaves the rest visible, and what is missing is said', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, segmentBytes: 6000 })
  recorder.session({ session: 's1', ...OPENED })
  for (let n = 1; n <= 60; n++) await recorded(recorder, commandRecord(n))
  recorder.session({ session: 's1', event: 'closed' })
  await recorder.close()
  const segments = readdirSync(directory).filter((name) => name.startsWith('segment-'))
  rmSync(join(directory, segments[1] ?? ''))
  const film = await filmOf(directory, 's1')
  const shots = await shotsOf(film)
  t.ok(shots.length > 10 && shots.length < 60, `${shots.length} commands are left`)
  t.match(film.session.notes.join('\n'), /segment-\d+.*missing/)
  t.match(film.session.notes.join('\n'), /\d+ of its 60 commands are missing/)
})

t.test('a line that is no line is counted, and shows nothing of itself', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const [segment = ''] = readdirSync(directory).filter((name) => name.startsWith('segment-'))
  appendFileSync(
    join(directory, segment),
    '{"kind":"command","session":"aa-1","command":9}\n"aa-1\n',
  )
  const film = await filmOf(directory, 'aa-1')
  t.equal(film.commands.length, 3)
  t.match(film.session.notes.join(), /line\(s\) of it cannot be read/)
})

t.test('a clock that goes backwards never takes a film back, and is told', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const [segment = ''] = readdirSync(directory).filter((name) => name.startsWith('segment-'))
  const path = join(directory, segment)
  let lines = 0
  const text = readFileSync(path, 'utf8').replace(/"time":(\d+)/g, (_, time: string) => {
    lines += 1
    return `"time":${Number(time) - (lines > 12 ? 3_600_000 : 0)}`
  })
  writeFileSync(path, text)
  const film = await filmOf(directory, 'aa-1')
  const at = (await shotsOf(film)).map(({ entry }) => entry.at)
  t.same(
    at,
    [...at].sort((a, b) => a - b),
  )
  t.ok(at.every((one) => one >= 0))
  t.match(film.session.notes.join(), /clock of the gateway went backwards/)
})

t.test('names: the beginning of an id, latest, none, and too many', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const films = createFilms(directory)
  t.equal(await films.named('a'), 'aa-1')
  t.equal(await films.named('latest'), 'bb-2')
  await t.rejects(films.named('zz'), /no session zz/)
  await t.rejects(films.named(''), /2 sessions begin with/)
  t.equal(await films.film('nobody'), undefined)
  t.equal(await films.film('"},{'), undefined)
})

t.test('a page in the middle of a long session reads that page', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, segmentBytes: 200_000 })
  recorder.session({ session: 's1', ...OPENED })
  const COMMANDS = 5_000
  const written: Promise<void>[] = []
  for (let n = 1; n <= COMMANDS; n++) {
    written.push(recorded(recorder, commandRecord(n, { text: `SELECT ${n}` })))
    recorder.outcome({ session: 's1', command: n, result: 'done', rows: n })
    if (n % 500 === 0) await Promise.all(written.splice(0))
  }
  await recorder.close()
  const films = createFilms(directory)
  const film = await films.film('s1')
  t.equal(film?.commands.length, COMMANDS)
  let read = 0
  for await (const { entry } of film?.shots(4_000) ?? []) {
    read += 1
    t.equal(entry.outcome?.rows, entry.command, 'its own outcome')
    if (read === 5) break
  }
})
