// Recordings when the disk is not as it should be: at every call that it takes to record a session, failing
// in turn. Nothing is lost without a word, what must be recorded stops, and afterwards all is well again.
import {
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Frame } from '../../../proxy/recordings/film.js'
import { createRecordings } from '../../../proxy/recordings/recordings.js'
import { wholeChunks } from '../../../proxy/recordings/spool.js'
import { allFrames, eventually } from '../../peers/film-reader.js'
import { realFilmDisk } from '../../../proxy/recordings/film-disk.js'
import { act, failingDisk, filmLab, filmSession } from './film-lab.js'

const rowsIn = (frames: readonly Frame[]): readonly (string | null)[] =>
  frames.flatMap((frame) =>
    frame.kind === 'rows' ? frame.rows.map(([value]) => value ?? null) : [],
  )

const finishedLine = async (lab: Awaited<ReturnType<typeof filmLab>>, session: string) =>
  eventually(
    async () => (await lab.lines()).find((line) => line.session === session),
    `a line of ${session}`,
  )

t.test('what was recorded is read back in order, and the record knows its digest', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  const tape = lab.recordings.tapeFor(filmSession('first'))
  act(tape, 1, ['a', 'b'])
  await eventually(
    async () => (await allFrames(lab.recordings, 'first').catch(() => [])).length > 0 || undefined,
    'a live frame',
  )
  t.equal((await lab.recordings.film('first'))?.state, 'live')
  act(
    tape,
    2,
    Array.from({ length: 40_000 }, (_, i) => `row ${i}`),
  )
  tape.close()
  const line = await finishedLine(lab, 'first')
  const frames = await allFrames(lab.recordings, 'first')
  t.equal(rowsIn(frames).length, 40_002)
  t.match(frames.at(-1), { kind: 'done', command: 2, tag: 'SELECT 40000' })
  t.match(line, { event: 'finished' })
  await eventually(
    async () => (await lab.recordings.film('first'))?.state === 'finished' || undefined,
    'a finished film',
  )
})

t.test('a session in which nothing happened leaves nothing', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  lab.recordings.tapeFor(filmSession('idle')).close()
  act(lab.recordings.tapeFor(filmSession('busy')), 1, ['a'])
  await eventually(
    () => readdirSync(join(lab.directory, 'open')).length === 2 || undefined,
    'a file',
  )
  t.equal(await lab.recordings.film('idle'), undefined)
})

for (const how of ['ENOSPC', 'EIO', 'short'] as const) {
  t.test(`${how} at each call in turn`, async (t) => {
    const clean = failingDisk(0, how)
    let calls = Infinity
    const tried: string[] = []
    for (let nth = 1; nth <= calls; nth++) {
      const failing = nth === 1 && calls === Infinity ? clean : failingDisk(nth, how)
      const lab = await filmLab({ disk: failing.disk }).catch((problem: unknown) => String(problem))
      if (typeof lab === 'string') {
        // At the start it is said at once.
        t.match(lab, how)
        continue
      }
      const { recordings } = lab
      const stopped: string[] = []
      const tape = recordings.tapeFor(filmSession('must'))
      tape.require()
      tape.onFailure = (why) => void stopped.push(why)
      const told: string[] = []
      for (let n = 1; n <= 4 && stopped.length === 0; n++) {
        act(tape, n, [`value ${n}`])
        told.push(`value ${n}`)
        await eventually(() => recordings.waiting() === 0 || undefined, 'an idle disk')
        await new Promise((resolve) => setTimeout(resolve, 7))
      }
      tape.close()
      // Whatever happened, it is brought home: all of it, or as far as it got, and it says so.
      await eventually(() => recordings.trouble() === undefined || undefined, 'the end of trouble')
      const line = await eventually(async () => {
        const left = ['open', 'done'].flatMap((name) => readdirSync(join(lab.directory, name)))
        if (left.length > 0) return undefined
        const found = (await lab.lines()).findLast(({ session }) => session === 'must')
        return found ?? (stopped.length > 0 ? ('nothing' as const) : undefined)
      }, `home after ${how} at ${nth} (${failing.hit()})`)
      const frames = line === 'nothing' ? [] : await allFrames(recordings, 'must')
      const rows = rowsIn(frames)
      if (stopped.length === 0 && line !== 'nothing' && line.event === 'finished') {
        t.same(rows, told, `complete after ${failing.hit()}`)
      } else {
        t.same(rows, told.slice(0, rows.length), `as far as it got after ${failing.hit()}`)
        t.ok(stopped.length > 0 || lab.failures.length > 0, 'it was said')
        if (frames.length > 0 && line !== 'nothing' && line.event === 'cut_short') {
          t.match(frames.at(-1), { kind: 'cut', command: 0 })
        }
      }
      if (line !== 'nothing') {
        t.equal((await recordings.digest('must'))?.digest, line.digest)
      }
      if (stopped.length > 0)
        t.match((await lab.incidents())[0], { event: 'recording_failed', session: 'must' })
      if (failing === clean) calls = clean.calls()
      failing.mend()
      // And it goes on.
      const next = recordings.tapeFor(filmSession('next'))
      act(next, 1, ['again'])
      next.close()
      await finishedLine(lab, 'next')
      t.same(rowsIn(await allFrames(recordings, 'next')), ['again'])
      if (failing === clean) nth = 0
      else tried.push(failing.hit())
      await lab.close()
    }
    for (const call of ['open', 'write', 'sync', 'rename', 'unlink', 'syncFolder', 'mkdir']) {
      t.ok(tried.includes(call), `${call} failed once`)
    }
  })
}

t.test(
  'a recording that is not required fails with an incident, and its session goes on',
  async (t) => {
    const failing = failingDisk(12, 'ENOSPC')
    const lab = await filmLab({ disk: failing.disk })
    t.teardown(lab.close)
    const tape = lab.recordings.tapeFor(filmSession('may'))
    let stopped = 0
    tape.onFailure = () => void stopped++
    for (let n = 1; tape.failed() === undefined; n++) {
      act(tape, n, ['x'])
      await new Promise((resolve) => setTimeout(resolve, 8))
    }
    act(tape, 99, ['y'])
    tape.close()
    t.equal(stopped, 0)
    const [incident] = await eventually(async () => {
      const found = await lab.incidents()
      return found.length > 0 ? found : undefined
    }, 'an incident')
    t.match(incident, { event: 'recording_failed', session: 'may', detail: /ENOSPC/ })
  },
)

t.test('after kill -9 what was flushed is read, and it is said that it is cut short', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  const tape = lab.recordings.tapeFor(filmSession('killed'))
  act(tape, 1, ['kept'])
  const film = join(lab.directory, 'open', 'killed.film')
  const size = await eventually(() => {
    try {
      return statSync(film).size > 60 ? statSync(film).size : undefined
    } catch {
      return undefined
    }
  }, 'a chunk')
  act(tape, 2, ['half'])
  await eventually(() => (statSync(film).size > size ? true : undefined), 'another chunk')
  // The last write was torn.
  truncateSync(film, statSync(film).size - 3)
  const next = await lab.again()
  const frames = await allFrames(next, 'killed')
  t.same(rowsIn(frames), ['kept'])
  t.match(frames.at(-1), { kind: 'cut', command: 0, why: /cut short/ })
  t.match((await lab.lines())[0], { event: 'cut_short', session: 'killed', chunks: 1 })
  t.equal((await next.film('killed'))?.state, 'cut_short')
})

t.test('what is open when the gateway stops is finished, and the record knows it', async (t) => {
  const lab = await filmLab()
  for (const id of ['open-1', 'open-2']) act(lab.recordings.tapeFor(filmSession(id)), 1, ['a'])
  await lab.recordings.close()
  t.match(await lab.lines(), [{ event: 'finished' }, { event: 'finished' }])
  t.same(readdirSync(join(lab.directory, 'open')), [])
  await lab.close()
})

t.test('other keys and bounds are taken without a restart, other places are not', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  const { recordings, settings } = lab
  const before = recordings.tapeFor(filmSession('before'))
  act(before, 1, ['a'])
  before.close()
  await finishedLine(lab, 'before')
  const key = { reference: 'env:NEW', reveal: () => Buffer.alloc(32, 9).toString('base64') }
  t.throws(() => recordings.reloaded(undefined), { code: 'config_invalid' })
  t.throws(() => recordings.reloaded({ ...settings, directory: '/elsewhere' }), {
    code: 'config_invalid',
  })
  t.throws(() => recordings.reloaded({ ...settings, key: { ...key, reveal: () => 'x' } }), {
    code: 'secret_unavailable',
  })
  recordings.reloaded({
    ...settings,
    key,
    previousKeys: [settings.key],
    terms: { ...settings.terms, required: true },
  })()
  t.equal(recordings.termsOf(undefined).required, true)
  const after = recordings.tapeFor(filmSession('after'))
  act(after, 1, ['b'])
  after.close()
  await finishedLine(lab, 'after')
  t.same(rowsIn(await allFrames(recordings, 'before')), ['a'])
  t.same(rowsIn(await allFrames(recordings, 'after')), ['b'])
  const [one, two] = [await recordings.document('before'), await recordings.document('after')]
  t.not(one?.key, two?.key)
})

t.test('two gateways do not share a folder', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  const other = createRecordings({
    settings: lab.settings,
    store: lab.store,
    recorder: lab.recorder,
    clock: { now: Date.now, monotonicUs: () => 0 },
    log: () => undefined,
    onFrame: () => undefined,
    onBytes: () => undefined,
    onFailure: () => undefined,
    onRemoved: () => undefined,
  })
  await t.rejects(other, { code: 'conflict', message: /in use by another gateway/ })
})

t.test('a slow disk makes the session wait, and never takes the memory', async (t) => {
  const release: (() => void)[] = []
  const lab = await filmLab({
    disk: {
      ...realFilmDisk,
      write: (...asked) =>
        new Promise((resolve, reject) => {
          release.push(() => void realFilmDisk.write(...asked).then(resolve, reject))
        }),
    },
  })
  const tape = lab.recordings.tapeFor(filmSession('slow'))
  let drained = 0
  tape.onDrain = () => void drained++
  const piece = Buffer.alloc(100_000)
  let put = 0
  while (!tape.full()) {
    tape.wire(piece, 0, piece.length)
    put += piece.length
  }
  t.ok(put < 2_000_000, `${put} bytes waited`)
  t.equal(drained, 0)
  const timer = setInterval(() => {
    for (const go of release.splice(0)) go()
  }, 1)
  await eventually(() => (drained > 0 ? true : undefined), 'a drain')
  t.notOk(tape.full())
  tape.close()
  await finishedLine(lab, 'slow')
  await lab.close()
  clearInterval(timer)
})

t.test('without its key a recording cannot be begun: what must be recorded stops', async (t) => {
  let key: string | undefined = Buffer.alloc(32, 7).toString('base64')
  const lab = await filmLab({
    settings: {
      key: {
        reference: 'env:KEY',
        reveal: () => {
          if (key === undefined) throw new Error('env:KEY is not set, or empty')
          return key
        },
      },
    },
  })
  t.teardown(lab.close)
  key = undefined
  const tape = lab.recordings.tapeFor(filmSession('locked'))
  tape.require()
  let stopped: string | undefined
  tape.onFailure = (why) => (stopped = why)
  act(tape, 1, ['a'])
  t.match(await eventually(() => stopped, 'the end of the session'), /env:KEY is not set/)
  t.match(lab.recordings.trouble(), /env:KEY is not set/)
  key = Buffer.alloc(32, 9).toString('base64')
  await eventually(() => lab.recordings.trouble() === undefined || undefined, 'the key')
})

t.test('beyond what a session may take, answers are left out', async (t) => {
  const lab = await filmLab({ settings: { sessionBytesMax: 100_000 } })
  t.teardown(lab.close)
  const tape = lab.recordings.tapeFor(filmSession('long'))
  t.equal(tape.left(), 100_000)
  tape.wire(Buffer.alloc(150_000), 0, 150_000)
  t.equal(tape.left(), 0)
})

t.test('a full spool is trouble until it has room again', async (t) => {
  let down = true
  const lab = await filmLab({
    settings: { spoolBytesMax: 300_000 },
    store: (folder) => {
      const names = new Map<string, Buffer>()
      return {
        keep: async (name, path) => {
          if (down) throw new Error('the store is down')
          names.set(name, readFileSync(path))
          await realFilmDisk.unlink(path)
        },
        put: async (name, bytes) => void names.set(name, Buffer.from(bytes)),
        whole: async (name) => names.get(name),
        pieces: async (name) => {
          const bytes = names.get(name)
          return bytes === undefined ? undefined : pieces(bytes)
        },
        remove: async (name) => void names.delete(name),
        async *list() {
          for (const [name, { length }] of names) yield { name, bytes: length }
          void folder
        },
      }
    },
  })
  t.teardown(lab.close)
  const { recordings } = lab
  for (let n = 0; recordings.trouble() === undefined; n++) {
    const tape = recordings.tapeFor(filmSession(`s${n}`))
    const noise = Buffer.from(Array.from({ length: 40_000 }, () => Math.random() * 256))
    tape.wire(noise, 0, noise.length)
    await eventually(() => recordings.waiting() === 0 || undefined, 'an idle disk')
    tape.close()
    await new Promise((resolve) => setTimeout(resolve, 10))
    if (n > 40) throw new Error('the spool never filled up')
  }
  t.ok(recordings.spooled() > 250_000)
  down = false
  await eventually(() => recordings.trouble() === undefined || undefined, 'room')
  await eventually(() => recordings.spooled() < 50_000 || undefined, 'an empty spool')
  t.ok((await recordings.film('s0')) !== undefined)
})

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

t.test('whole chunks are told without a key, and what follows them is not counted', async (t) => {
  const lab = await filmLab()
  t.teardown(lab.close)
  const tape = lab.recordings.tapeFor(filmSession('counted'))
  act(tape, 1, ['a'])
  tape.close()
  const line = await finishedLine(lab, 'counted')
  const stored = join(lab.directory, 'kept', 'co', 'counted.film')
  await eventually(() => (existsSync(stored) ? true : undefined), 'home')
  const whole = readFileSync(stored)
  writeFileSync(stored, Buffer.concat([whole, Buffer.from('rubbish')]))
  const { sealed, last } = await wholeChunks(stored, 'counted')
  t.match(sealed, { digest: line.digest ?? '', bytes: whole.length })
  t.equal(last, true)
})
