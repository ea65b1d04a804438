// Everything that can be done to a record is noticed, and the first bad line is named: by `audit verify` on a
// copy, with what an auditor kept elsewhere; and by a program that is not ours (Go's sumdb) where Go is.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { realDisk } from '../../proxy/recording/disk.js'
import type { Disk } from '../../proxy/recording/disk.js'
import { chained, lineHash } from '../../proxy/recording/record-line.js'
import { createRecorder } from '../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../proxy/recording/segment.js'
import { newSigningKey, notesOf, signerOf } from '../../proxy/recording/signed-note.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import type { Verification } from '../../proxy/recording/verify.js'
import { cacheFolder, digestOf, made, missingProgram } from '../clients/program.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { audit } from '../proxy/commands/audit-lab.js'
import {
  commandRecord,
  emptyDirectory,
  linesIn,
  parsed,
  recorded,
  sampleRecord,
  writeLines,
} from '../proxy/recording/sample-record.js'

type Lab = {
  readonly directory: string
  readonly names: readonly string[]
  readonly at: (index: number) => string
  readonly lines: (index: number) => string[]
  readonly put: (index: number, lines: readonly string[]) => void
}
// Where the first bad line must be found: its number in the chain, and words.
type Case = {
  readonly name: string
  readonly change: (lab: Lab) => void
  readonly seq?: number
  readonly what?: RegExp
  // Go’s program knows notes, and no file of them.
  readonly byGo?: false
}

const checkpointsIn = (directory: string): string =>
  join(directory, 'checkpoints', 'checkpoints.txt')

function labOf(directory: string): Lab {
  const names = segmentNames(directory)
  const at = (index: number): string => join(directory, names.at(index) ?? '')
  return {
    directory,
    names,
    at,
    lines: (index) => linesIn(at(index)),
    put: (index, lines) => writeLines(at(index), lines),
  }
}

const edited = (index: number, line: number, from: RegExp | string, to: string) => (lab: Lab) => {
  const lines = lab.lines(index)
  const before = lines[line] ?? ''
  lines[line] = before.replace(from, to)
  if (lines[line] === before) throw new Error(`nothing to change in ${before}`)
  lab.put(index, lines)
}

// The chain written anew from this line on, as somebody with the files but without the key would.
function rechained(lines: string[], from: number): void {
  let prev = from === 0 ? '0'.repeat(64) : lineHash(lines[from - 1] ?? '')
  let seq = from === 0 ? 0 : parsed(lines[from - 1]).seq + 1
  for (let i = from; i < lines.length; i += 1) {
    const { seq: _, time, prev: _prev, ...rest } = parsed(lines[i])
    lines[i] = chained(seq, time, prev, JSON.stringify(rest).slice(1))
    prev = lineHash(lines[i] ?? '')
    seq += 1
  }
}

// In a record of one segment, so that numbers are indexes.
const ON_LINES: readonly Case[] = [
  { name: 'edit: a text', change: edited(0, 9, /"text":"SELECT/, '"text":"DELETE'), seq: 9 },
  { name: 'edit: whether it went', change: edited(0, 9, '"go":true', '"go":false'), seq: 9 },
  { name: 'edit: a time', change: edited(0, 9, /"time":(\d+)/, '"time":1$1'), seq: 9 },
  { name: 'edit: a hash', change: edited(0, 9, /"prev":"...../, '"prev":"00000'), seq: 9 },
  { name: 'edit: a number', change: edited(0, 9, '"seq":9', '"seq":10'), seq: 9 },
  { name: 'edit: a blank that JSON ignores', change: edited(0, 9, ',"time"', ', "time"'), seq: 9 },
  { name: 'edit: facts', change: edited(0, 2, '"kind":"human"', '"kind":"agent"'), seq: 2 },
  {
    name: 'edit: the bundle',
    change: edited(0, 9, '"bundle":"sha256:b', '"bundle":"sha256:c'),
    seq: 9,
  },
  {
    name: 'edit: an escape that means the same',
    change: edited(0, 9, 'SELECT', '\\u0053ELECT'),
    seq: 9,
  },
  {
    name: 'edit: line ends',
    change: (lab) =>
      lab.put(
        0,
        lab.lines(0).map((line) => `${line}\r`),
      ),
    what: /changed/,
  },
  {
    name: 'delete: a line',
    change: (lab) => lab.put(0, lab.lines(0).toSpliced(9, 1)),
    seq: 9,
    what: /9 is missing/,
  },
  { name: 'delete: the first line', change: (lab) => lab.put(0, lab.lines(0).slice(1)), seq: 0 },
  { name: 'delete: ten lines', change: (lab) => lab.put(0, lab.lines(0).toSpliced(9, 10)), seq: 9 },
  {
    name: 'swap: two lines',
    change: (lab) =>
      lab.put(0, lab.lines(0).toSpliced(9, 2, lab.lines(0)[10] ?? '', lab.lines(0)[9] ?? '')),
    seq: 9,
  },
  {
    name: 'insert: a line twice',
    change: (lab) => lab.put(0, lab.lines(0).toSpliced(9, 0, lab.lines(0)[8] ?? '')),
    seq: 9,
  },
  {
    name: 'insert: a line that fits the one before',
    change: (lab) => {
      const lines = lab.lines(0)
      lines.splice(
        9,
        0,
        chained(9, 1, lineHash(lines[8] ?? ''), '"kind":"incident","event":"none"}'),
      )
      lab.put(0, lines)
    },
    // Which of the two with that number was written cannot be known from them alone.
    what: /there before|changed/,
  },
  {
    name: 'insert: an empty line',
    change: (lab) => lab.put(0, lab.lines(0).toSpliced(9, 0, '')),
    seq: 9,
  },
  {
    name: 'truncate: the last line',
    change: (lab) => lab.put(-1, lab.lines(-1).slice(0, -1)),
    what: /1 were removed/,
  },
  {
    name: 'truncate: half of the last line',
    change: (lab) => truncateSync(lab.at(-1), statSync(lab.at(-1)).size - 20),
    what: /1 were removed/,
  },
  {
    name: 'truncate: all but one line',
    change: (lab) => lab.put(0, lab.lines(0).slice(0, 1)),
    seq: 1,
  },
  { name: 'truncate: everything', change: (lab) => writeFileSync(lab.at(0), ''), seq: 0 },
  {
    name: 'more: a line that the chain accepts',
    change: (lab) => {
      const lines = lab.lines(-1)
      const last = lines.at(-1) ?? ''
      lab.put(-1, [
        ...lines.slice(0, -1),
        chained(
          parsed(last).seq,
          1,
          lineHash(lines.at(-2) ?? ''),
          JSON.stringify({
            ...parsed(last),
            seq: undefined,
            time: undefined,
            prev: undefined,
            detail: 'x',
          }).slice(1),
        ),
      ])
    },
    what: /signed over other lines/,
  },
  {
    name: 'rewrite: from one line on, chain and all',
    change: (lab) => {
      const lines = lab.lines(0)
      lines[9] = (lines[9] ?? '').replace('SELECT', 'DELETE')
      rechained(lines, 9)
      lab.put(0, lines)
    },
    what: /signed over other lines/,
  },
  {
    name: 'rewrite: a line left out, chain and all',
    change: (lab) => {
      const lines = lab.lines(0)
      lines.splice(9, 1)
      rechained(lines, 9)
      lab.put(0, lines)
    },
  },
  {
    name: 'rewrite: signed by a key of their own that lies beside it',
    change: (lab) => {
      const lines = lab.lines(0)
      lines[9] = (lines[9] ?? '').replace('SELECT', 'DELETE')
      rechained(lines, 9)
      lab.put(0, lines)
      const [first] = [...notesOf(readFileSync(checkpointsIn(lab.directory), 'utf8'))]
      const pem = newSigningKey()
      const signer = signerOf(pem, first?.note?.checkpoint.origin)
      writeFileSync(join(lab.directory, 'signing-key.pub'), `${signer.verifierKey}\n`)
      const origin = first?.note?.checkpoint.origin ?? ''
      const note = signer.signed({ origin, size: 2, root: Buffer.alloc(32) })
      writeFileSync(checkpointsIn(lab.directory), `${note}\n`)
    },
  },
]

const ON_CHECKPOINTS: readonly Case[] = [
  {
    name: 'checkpoint: another size',
    change: onNotes((text) => text.replace(/\n(\d+)\n/, '\n1\n')),
    what: /not signed/,
  },
  {
    name: 'checkpoint: another root',
    change: onNotes((text) => text.replace(/\n\d+\n..../, (found) => `${found.slice(0, -4)}AAAA`)),
    what: /not signed/,
  },
  {
    name: 'checkpoint: another name',
    change: onNotes((text) => text.replace(/^\S+/, 'other')),
    what: /not signed/,
  },
  {
    name: 'checkpoint: another signature',
    change: onNotes((text) => text.replace(/(— \S+ .{20})./, '$1!')),
    what: /was changed: it is none/,
  },
  {
    name: 'checkpoint: signed by a stranger',
    change: (lab) => {
      const signer = signerOf(newSigningKey())
      writeFileSync(
        checkpointsIn(lab.directory),
        `${signer.signed({ origin: signer.name, size: 1, root: Buffer.alloc(32) })}\n`,
      )
    },
    what: /not signed/,
  },
  {
    name: 'checkpoint: the order',
    change: onNotes((text) => {
      const [first = '', ...rest] = text.split(/(?<=\n\n)(?=sallyport)/)
      return [...rest, first].join('')
    }),
    byGo: false,
    what: /covers less/,
  },
]

function onNotes(change: (text: string) => string): (lab: Lab) => void {
  return (lab) => {
    const path = checkpointsIn(lab.directory)
    const text = readFileSync(path, 'utf8')
    const changed = change(text)
    if (changed === text) throw new Error('nothing to change')
    writeFileSync(path, changed)
  }
}

const ON_SEGMENTS: readonly Case[] = [
  {
    name: 'segment: two with each other’s names',
    change: ({ at }) => {
      renameSync(at(0), `${at(0)}.x`)
      renameSync(at(1), at(0))
      renameSync(`${at(0)}.x`, at(1))
    },
  },
  {
    name: 'segment: the first is gone',
    change: ({ at }) => rmSync(at(0)),
    seq: 0,
    what: /missing/,
  },
  {
    name: 'segment: one in the middle is gone',
    change: ({ at }) => rmSync(at(2)),
    what: /missing/,
  },
  { name: 'segment: the last is gone', change: ({ at }) => rmSync(at(-1)), what: /removed/ },
  {
    name: 'segment: one is there twice',
    change: ({ at, names }) =>
      cpSync(at(1), at(-1).replace(names.at(-1) ?? '', 'segment-99999999.jsonl')),
  },
  {
    name: 'segment: lines at the end of a finished one',
    change: ({ at }) => writeFileSync(at(1), 'x\n', { flag: 'a' }),
    what: /do not belong/,
  },
  {
    name: 'segment: the peaks it states',
    change: edited(2, 0, /"peaks":\["..../, '"peaks":["0000'),
  },
  { name: 'segment: where it says it goes on', change: edited(2, 0, /"bytes":(\d+)/, '"bytes":1') },
  {
    name: 'segment: the line it says it goes on from',
    change: edited(2, 0, /"previous":\{(.*?)"seq":(\d+)/, '"previous":{$1"seq":1'),
  },
  {
    name: 'segment: a failure that never was',
    change: edited(2, 0, /"peaks"/, '"broken":"EIO","peaks"'),
  },
  {
    name: 'segment: lines that it never repeated',
    change: edited(2, 0, /"peaks"/, '"restated":3,"peaks"'),
  },
]

async function kept(directory: string) {
  const auditor = {
    key: readFileSync(join(directory, 'signing-key.pub'), 'utf8'),
    checkpoint: readFileSync(checkpointsIn(directory), 'utf8'),
  }
  return (copy: string): Promise<Verification> =>
    verifyRecord({ directory: copy, publicKey: auditor.key, checkpoint: auditor.checkpoint })
}

const go = missingProgram('go', ['version'])
const SOURCE = join(REPOSITORY, 'test/peers/sumdb')

async function sumdb(): Promise<((...args: string[]) => string | undefined) | undefined> {
  if (go !== false) return undefined
  const sources = ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(join(SOURCE, name)))
  const folder = cacheFolder(`sumdb-${digestOf(sources)}`)
  const program = join(folder, 'sumdb')
  if (!(await made(folder, [['go', 'build', '-C', SOURCE, '-o', program, '.']]))) return undefined
  return (...args) => {
    try {
      execFileSync(program, args, { stdio: 'pipe' })
      return undefined
    } catch (problem) {
      return String(Reflect.get(Object(problem), 'stdout'))
    }
  }
}

t.setTimeout(240_000)

t.test('what is done to lines, checkpoints and segments', async (t) => {
  const independent = await sumdb()
  if (independent === undefined) t.comment(`Go’s sumdb is left out: ${go}`)
  const keyFile = join(emptyDirectory(t), 'key')
  for (const [what, cases, segmentBytes] of [
    ['lines', ON_LINES, 1e6],
    ['checkpoints', ON_CHECKPOINTS, 1e6],
    ['segments', ON_SEGMENTS, 6_000],
  ] as const) {
    const original = emptyDirectory(t)
    await sampleRecord(original, { commands: 30, segmentBytes })
    await sampleRecord(original, { commands: 10, segmentBytes })
    const checked = await kept(original)
    t.match(await checked(original), { ok: true }, `${what}: untouched it is good`)
    const keptNotes = join(emptyDirectory(t), 'kept.txt')
    writeFileSync(keptNotes, readFileSync(checkpointsIn(original)))
    writeFileSync(keyFile, readFileSync(join(original, 'signing-key.pub')))
    if (independent !== undefined) {
      t.equal(independent('record', keyFile, original, keptNotes), undefined, 'by Go, too')
    }
    for (const { name, change, seq, what: words, byGo } of cases) {
      const copy = join(emptyDirectory(t), 'copy')
      cpSync(original, copy, { recursive: true })
      change(labOf(copy))
      const { ok, problem } = await checked(copy)
      t.equal(ok, false, name)
      t.ok(problem !== undefined && problem.what !== '' && problem.file !== '', `${name}: named`)
      if (seq !== undefined) t.equal(problem?.seq, seq, `${name}: the first bad line`)
      if (words !== undefined) t.match(problem?.what, words, `${name}: in words`)
      if (independent === undefined || byGo === false) continue
      t.type(independent('record', keyFile, copy, keptNotes), 'string', `${name}: by Go, too`)
    }
  }
})

t.test('every byte of a record counts', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 12, segmentBytes: 3_000 })
  const checked = await kept(directory)
  let flips = 0
  for (const name of segmentNames(directory)) {
    const path = join(directory, name)
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; at += 23) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7))
      writeFileSync(path, changed)
      const { ok } = await checked(directory)
      flips += 1
      if (ok) t.fail(`${name} at ${at}`)
    }
    writeFileSync(path, bytes)
  }
  t.ok(flips > 300, `${flips} flips, each noticed`)
  t.match(await checked(directory), { ok: true })
})

t.test('roll back and split view, by what was kept or published elsewhere', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 20 })
  const older = join(emptyDirectory(t), 'older')
  cpSync(directory, older, { recursive: true })
  await sampleRecord(directory, { commands: 20 })
  const checked = await kept(directory)
  t.match((await checked(older)).problem, { what: /removed/ }, 'roll back, checkpoints and all')
  const fork = join(emptyDirectory(t), 'fork')
  cpSync(older, fork, { recursive: true })
  // Signed by the true key: whoever runs the gateway did it.
  await sampleRecord(fork, { commands: 40 })
  t.match(await verifyRecord({ directory: fork }), { ok: true }, 'alone it looks good')
  const { problem } = await checked(fork)
  t.match(problem, { what: /the checkpoint given was signed over other lines/ }, 'split view')
  const independent = await sumdb()
  if (independent === undefined) return
  const [key, notes] = [join(directory, 'signing-key.pub'), checkpointsIn(directory)]
  t.match(independent('record', key, older, notes), /signed for/)
  t.match(independent('record', key, fork, notes), /other lines were signed/)
})

t.test('lines repeated after a failure cannot be abused', async (t) => {
  const directory = emptyDirectory(t)
  let failing = false
  const disk: Disk = {
    ...realDisk,
    sync: (fd, done) =>
      failing ? setTimeout(() => done(new Error('EIO')), 1) : realDisk.sync(fd, done),
  }
  const recorder = await createRecorder({ directory, disk, syncMs: 10_000 })
  for (let n = 1; n <= 3; n += 1) await recorded(recorder, commandRecord(n), 'disk')
  for (let n = 4; n <= 7; n += 1) await recorded(recorder, commandRecord(n))
  failing = true
  await t.rejects(recorded(recorder, commandRecord(8), 'disk'))
  failing = false
  for (let i = 0; i < 300 && !recorder.healthy(); i += 1) {
    await new Promise((done) => setTimeout(done, 20))
  }
  for (let n = 9; n <= 12; n += 1) await recorded(recorder, commandRecord(n), 'disk')
  await recorder.close()
  const checked = await kept(directory)
  t.match(await checked(directory), { ok: true })
  const { restated = 0 } = parsed(labOf(directory).lines(1)[0]) as { restated?: number }
  t.ok(restated >= 4, `${restated} lines are repeated`)
  const changes: readonly Case[] = [
    {
      name: 'fewer announced',
      change: edited(1, 0, `"restated":${restated}`, `"restated":${restated - 1}`),
    },
    {
      name: 'more announced',
      change: edited(1, 0, `"restated":${restated}`, `"restated":${restated + 1}`),
    },
    { name: 'none announced', change: edited(1, 0, `"restated":${restated},`, '') },
    { name: 'one left out', change: (lab) => lab.put(1, lab.lines(1).toSpliced(2, 1)) },
    {
      name: 'two swapped',
      change: (lab) =>
        lab.put(1, lab.lines(1).toSpliced(2, 2, lab.lines(1)[3] ?? '', lab.lines(1)[2] ?? '')),
    },
    { name: 'one edited', change: edited(1, 2, 'SELECT', 'DELETE') },
    {
      name: 'more of the old segment dropped',
      change: edited(1, 0, /"bytes":(\d+)/, '"bytes":900'),
    },
    {
      name: 'goes on from an earlier line',
      change: edited(1, 0, /("file":"[^"]*","bytes":\d+,"seq":)\d+/, '$11'),
    },
    { name: 'the reason taken away', change: edited(1, 0, /"broken":"[^"]*",/, '') },
    { name: 'the new segment gone', change: ({ at }) => rmSync(at(1)) },
    { name: 'the old segment gone', change: ({ at }) => rmSync(at(0)) },
  ]
  for (const { name, change } of changes) {
    const copy = join(emptyDirectory(t), 'copy')
    cpSync(directory, copy, { recursive: true })
    change(labOf(copy))
    const { ok, problem } = await checked(copy)
    t.equal(ok, false, name)
    t.ok(problem?.file, `${name}: named`)
  }
})

t.test('proofs and exports: what was changed proves nothing', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 20 })
  await sampleRecord(directory, { commands: 15 })
  const key = join(directory, 'signing-key.pub')
  const place = emptyDirectory(t)
  const independent = await sumdb()
  const notes = [...notesOf(readFileSync(checkpointsIn(directory), 'utf8'))]
  const [first = '', second = ''] = notes.map(({ note }) => String(note?.checkpoint.size))
  let [checked, refused] = [0, 0]
  for (const [kind, verb, argv] of [
    ['inclusion', 'prove', ['17']],
    ['inclusion', 'prove', ['0']],
    ['consistency', 'consistency', [first, second]],
  ] as const) {
    const path = join(place, 'proof.json')
    const found = await audit('/', verb, ...argv, directory, '--format', 'json', '--output', path)
    t.equal(found.status, 0)
    if (verb === 'consistency') writeFileSync(path, readFileSync(path))
    const good = ['--verify', path, '--key', key]
    t.match(await audit('/', verb, ...good), { status: 0 })
    if (independent !== undefined) t.equal(independent(kind, key, path), undefined, `${kind} by Go`)
    const text = readFileSync(path, 'utf8')
    for (let at = 0; at < text.length; at += 11) {
      const unit = text.charCodeAt(at)
      const changed = `${text.slice(0, at)}${String.fromCharCode(unit === 65 ? 66 : 65)}${text.slice(at + 1)}`
      writeFileSync(path, changed)
      const { status } = await audit('/', verb, ...good)
      checked += 1
      if (status !== 0) refused += 1
      // White space between members is nothing that is proven.
      else if (!/^\s$/.test(text.charAt(at)))
        t.fail(`${verb}: ${at} ${text.slice(at - 20, at + 20)}`)
    }
  }
  t.equal(refused, checked, `${checked} changed proofs, each refused`)
})
