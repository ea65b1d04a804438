// The index is made of the record and of nothing else: fed line by line or made anew it is the same, whatever happens
// to the record, its disk or the process that feeds it; what is missing is said.
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import Database from 'libsql'
import t from 'tap'
import { realDisk, type Disk } from '../../../proxy/recording/disk.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { removeSubjectKeys } from '../../../proxy/recording/erasure/subject-keys.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { caughtUp } from '../../../proxy/search/desk.js'
import {
  BASE,
  commandRecord,
  emptyDirectory,
  recorded,
  sampleRecord,
} from '../recording/sample-record.js'
import { generatedRecord, randomOf } from './generated-record.js'
import { dumpOf } from './index-dump.js'
import { deskOf } from './sample-desk.js'

const KILLS = 8

type Ends = { teardown: (fn: () => void) => void }

function anew(t: Ends, directory: string): ReturnType<typeof dumpOf> {
  const file = join(directory, 'anew.sqlite')
  rmSync(file, { force: true })
  deskOf(t, directory, { file }).close()
  return dumpOf(file)
}

t.test('fed in pieces of any size it is what it is when made at once', async (t) => {
  const from = emptyDirectory(t)
  await generatedRecord({
    directory: from,
    commands: 1_500,
    seed: 21,
    people: 12,
    each: 40,
    segmentBytes: 200_000,
  })
  const to = emptyDirectory(t)
  const random = randomOf(5)
  let desk = deskOf(t, to, { behind: true })
  for (const name of segmentNames(from)) {
    const bytes = readFileSync(join(from, name))
    for (let at = 0; at < bytes.length;) {
      // Also in the middle of lines.
      const size = 1 + random(40_000)
      appendFileSync(join(to, name), bytes.subarray(at, at + size))
      at += size
      // The first line of a segment is always whole: it appears under its name only then.
      if (bytes.subarray(0, at).includes(0x0a)) caughtUp(desk)
      if (random(8) === 0) {
        desk.close()
        desk = deskOf(t, to, { behind: true })
      }
    }
  }
  caughtUp(desk)
  t.equal(desk.status().behindBytes, 0)
  t.same(dumpOf(join(to, 'search.sqlite')), anew(t, to))
})

t.test('a line that is being written is left for later', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 20, segmentBytes: 1 << 20 })
  const [segment = ''] = segmentNames(directory)
  const path = join(directory, segment)
  const bytes = readFileSync(path)
  truncateSync(path, bytes.length - 30)
  const desk = deskOf(t, directory)
  const before = desk.status()
  t.ok(before.behindBytes > 0 && before.behindBytes < 2_000, 'and it is said how much')
  t.equal(desk.search({ question: '' }).standing.behind_bytes, before.behindBytes)
  writeFileSync(path, bytes)
  caughtUp(desk)
  t.equal(desk.status().behindBytes, 0)
  t.equal(desk.status().lines, before.lines + 1)
})

t.test('records that rotate and change their key are followed over starts', async (t) => {
  const directory = emptyDirectory(t)
  const desk = deskOf(t, directory, { behind: true })
  for (const [run, key] of [undefined, pem(), pem()].entries()) {
    const recorder = await createRecorder({
      directory,
      segmentBytes: 20_000,
      ...(key === undefined ? {} : { signingKey: key }),
    })
    for (let n = 1; n <= 40; n += 1) {
      await recorded(recorder, commandRecord(n, { session: `s${run}` }))
      recorder.outcome({ session: `s${run}`, command: n, result: 'done', rows: n })
      if (n % 7 === 0) caughtUp(desk)
    }
    await recorder.close()
    caughtUp(desk)
  }
  t.equal(desk.search({ question: '', limit: 500 }).hits.length, 120)
  t.same(desk.search({ question: '' }).standing.gaps, [])
  t.same(dumpOf(join(directory, 'search.sqlite')), anew(t, directory))
})

t.test('after a disk that failed, lines that never counted are not found', async (t) => {
  for (const nth of [3, 9, 17]) {
    const directory = emptyDirectory(t)
    let writes = 0
    let syncs = 0
    const disk: Disk = {
      ...realDisk,
      write: (fd, bytes, position) => {
        writes += 1
        // Half of it gets there, as with a disk that is full.
        if (writes === nth) {
          realDisk.write(fd, bytes.subarray(0, bytes.length >> 1), position)
          throw new Error('EIO')
        }
        return realDisk.write(fd, bytes, position)
      },
      sync: (fd, done) => {
        syncs += 1
        if (syncs === nth) return done(new Error('EIO'))
        return realDisk.sync(fd, done)
      },
    }
    const rebuilt: string[] = []
    const desk = deskOf(t, directory, { behind: true, onRebuild: (why) => rebuilt.push(why) })
    const recorder = await createRecorder({ directory, disk, syncMs: 1, segmentBytes: 30_000 })
    for (let n = 1; n <= 60; n += 1) {
      await recorded(recorder, commandRecord(n), n % 3 === 0 ? 'disk' : 'os').catch(() => undefined)
      if (n % 2 === 0) caughtUp(desk)
      while (!recorder.healthy()) await after(10)
    }
    await recorder.close()
    caughtUp(desk)
    t.same(desk.search({ question: '' }).standing.gaps, [], `failing at ${nth}`)
    t.same(
      dumpOf(join(directory, 'search.sqlite')),
      anew(t, directory),
      `failing at ${nth}: ${rebuilt.join()}`,
    )
  }
})

t.test(
  'a segment that is gone is said with each answer, and what it held is not found',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory, { commands: 60, segmentBytes: 6_000 })
    const rebuilt: string[] = []
    const desk = deskOf(t, directory, { onRebuild: (why) => rebuilt.push(why) })
    t.equal(desk.search({ question: '', limit: 500 }).hits.length, 60)
    const names = segmentNames(directory)
    t.ok(names.length > 4)
    rmSync(join(directory, names[0] ?? ''))
    rmSync(join(directory, names[2] ?? ''))
    const gone = desk.search({ question: '', limit: 500 }).hits.filter((hit) => hit.gone)
    t.ok(gone.length > 0, 'before it is noticed, texts are gone and not wrong')
    caughtUp(desk)
    t.match(rebuilt, [/segment-00000001.jsonl is no longer there/])
    const page = desk.search({ question: '', limit: 500 })
    t.ok(page.hits.length < 60 && page.hits.length > 20)
    t.equal(page.hits.filter((hit) => hit.gone).length, 0)
    t.equal(page.standing.gaps.length, 2)
    t.equal(page.standing.gaps.at(-1)?.from, 0)
    for (const { why } of page.standing.gaps) t.match(why, /not there/)
    const missing = page.standing.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    t.ok(missing > 10)
    t.equal(desk.grouped({ question: '', by: 'action' }).standing.gaps.length, 2, 'also with sums')
  },
)

t.test('lines that cannot be read are named and passed over', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 30, segmentBytes: 1 << 20 })
  const [segment = ''] = segmentNames(directory)
  const path = join(directory, segment)
  const lines = readFileSync(path, 'utf8').split('\n')
  const at = lines.findIndex((line) => line.includes('SELECT 10"'))
  lines[at] = '{"seq":"not one"}'
  const again = lines.findIndex((line) => line.includes('SELECT 20"'))
  lines.splice(again, 1)
  const twice = lines.findIndex((line) => line.includes('SELECT 25"'))
  lines.splice(twice, 0, lines[twice] ?? '')
  writeFileSync(path, lines.join('\n'))
  const page = deskOf(t, directory).search({ question: '', limit: 500 })
  t.equal(page.hits.length, 28)
  t.match(
    page.standing.gaps.map(({ why }) => why).sort(),
    [
      /lines are missing/,
      /no record line|no record lines of kind/,
      /number of a line comes twice/,
    ].sort(),
  )
})

t.test('what is erased from a record leaves its index too', async (t) => {
  const directory = emptyDirectory(t)
  const rebuilt: string[] = []
  const desk = deskOf(t, directory, { behind: true, onRebuild: (why) => rebuilt.push(why) })
  const recorder = await createRecorder({ directory, erasable: true, segmentBytes: 20_000 })
  for (const [at, name] of ['zebedee', 'yolanda'].entries()) {
    for (let n = 1; n <= 30; n += 1) {
      const record = commandRecord(n, { session: `s-${at}`, text: `SELECT ${n} /* for ${name} */` })
      const identity = { ...BASE.identity, name, subject: `u-${name}` }
      await recorded(recorder, {
        ...record,
        facts: { ...record.facts, base: { ...BASE, identity } },
      })
      if (n % 9 === 0) caughtUp(desk)
    }
  }
  await recorder.close()
  caughtUp(desk)
  t.equal(desk.search({ question: 'person:zebedee' }).hits.length, 30)
  t.equal(desk.search({ question: '"for zebedee"' }).hits[0]?.text, 'SELECT 30 /* for zebedee */')
  t.same(rebuilt, [])
  removeSubjectKeys(directory, ({ subject }) => subject.endsWith(' u-zebedee'))
  t.equal(desk.search({ question: 'for', limit: 60 }).hits[59]?.text, '[erased]', 'at once')
  caughtUp(desk)
  t.match(rebuilt, [/erased/])
  t.same(desk.search({ question: 'person:*zebedee*' }).hits, [])
  t.same(desk.search({ question: 'zebedee' }).hits, [])
  t.equal(desk.search({ question: 'yolanda' }).hits.length, 30, 'and of nobody else')
  t.equal(
    desk.search({ question: '', limit: 100 }).hits.length,
    60,
    'that there was a command stays',
  )
  for (const name of readdirSync(directory).filter((one) => one.startsWith('search.sqlite'))) {
    t.notMatch(readFileSync(join(directory, name), 'latin1'), /zebedee/i, name)
  }
  t.same(dumpOf(join(directory, 'search.sqlite')), anew(t, directory))
})

t.test('another record in its place is never answered for by the old index', async (t) => {
  const [one, other] = [emptyDirectory(t), emptyDirectory(t)]
  await sampleRecord(one, { commands: 10 })
  await generatedRecord({ directory: other, commands: 30, seed: 9, people: 9 })
  deskOf(t, one).close()
  cpSync(join(one, 'search.sqlite'), join(other, 'search.sqlite'))
  const rebuilt: string[] = []
  const desk = deskOf(t, other, { onRebuild: (why) => rebuilt.push(why) })
  t.match(rebuilt, [/is another one/])
  t.equal(desk.search({ question: '' }).hits.length, 30)
})

t.test(
  'a file that is no index, or of another version, is made anew; nobody else may read it',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory, { commands: 10 })
    const file = join(directory, 'search.sqlite')
    const whole = Buffer.alloc(30_000, 0xff)
    for (const spoiled of [
      () => Buffer.from('this is no database, and long enough to be looked at as one'.repeat(20)),
      () => readFileSync(file).subarray(0, 5_000),
      () => Buffer.alloc(0),
      // The first page of a database, and none of the others.
      () => Buffer.concat([readFileSync(file).subarray(0, 4_096), whole]),
      () => foreign(directory),
    ]) {
      const bytes = spoiled()
      for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
      writeFileSync(file, bytes)
      const desk = deskOf(t, directory)
      t.equal(desk.search({ question: '' }).hits.length, 10)
      t.equal(statSync(file).mode & 0o777, 0o600)
      desk.close()
    }
  },
)

t.test('two that feed one index neither miss a line nor take one twice', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({
    directory,
    commands: 3_000,
    seed: 31,
    people: 9,
    each: 40,
    segmentBytes: 300_000,
  })
  const [one, other] = [
    deskOf(t, directory, { behind: true }),
    deskOf(t, directory, { behind: true }),
  ]
  for (let more = true; more;) more = one.step().more || other.step().more
  t.same(dumpOf(join(directory, 'search.sqlite')), anew(t, directory))
})

t.test(
  'killed at any moment, what feeds the index goes on where it was',
  { timeout: 120_000 },
  async (t) => {
    const program = new URL('./feeding.js', import.meta.url).pathname
    if (!program.includes('/build/')) {
      t.comment('runs from build/ alone: it starts a process')
      return
    }
    const directory = emptyDirectory(t)
    await generatedRecord({
      directory,
      commands: 6_000,
      seed: 41,
      people: 12,
      each: 40,
      segmentBytes: 1 << 20,
    })
    const random = randomOf(3)
    let kills = 0
    for (let ended = false; !ended;) {
      const child = fork(program, [directory], { stdio: 'ignore' })
      // The last one is left alone.
      const timer =
        kills >= KILLS ? undefined : setTimeout(() => child.kill('SIGKILL'), 200 + random(400))
      const code = await new Promise((resolve) => child.once('exit', resolve))
      clearTimeout(timer)
      ended = code === 0
      kills += ended ? 0 : 1
    }
    t.ok(kills > 0, `${kills} kills`)
    deskOf(t, directory).close()
    t.same(dumpOf(join(directory, 'search.sqlite')), anew(t, directory))
    return undefined
  },
)

// A database of somebody else.
function foreign(directory: string): Buffer {
  const file = join(directory, 'foreign.sqlite')
  const db = new Database(file)
  db.exec(
    "create table meta (name text, value text); insert into meta values ('version', 'theirs')",
  )
  db.close()
  return readFileSync(file)
}

function pem(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
