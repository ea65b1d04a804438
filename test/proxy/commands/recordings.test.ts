// `sallyport recordings` over recordings that a gateway left: listed, shown, held against the record, sealed
// with a new key, held and deleted; and what it says where something is wrong.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { run } from '../../../proxy/commands/recordings.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { diskStore } from '../../../proxy/recordings/disk-store.js'
import { realFilmDisk } from '../../../proxy/recordings/film-disk.js'
import { createRecordings } from '../../../proxy/recordings/recordings.js'
import { eventually, FILM_KEY } from '../../peers/film-reader.js'
import { act, filmSession } from '../recordings/film-lab.js'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-recordings-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const folder = join(directory, 'recordings')
const env: Record<string, string> = { FILM: FILM_KEY, NEW: Buffer.alloc(32, 8).toString('base64') }

function configured(lines: readonly string[]): void {
  const text = ['record: { directory: record }', 'recordings:', '  directory: recordings', ...lines]
  writeFileSync(join(directory, 'sallyport.yaml'), text.join('\n'))
}

type Ran = { readonly status: number; readonly out: string; readonly err: string }

async function ran(...argv: readonly string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const status = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env,
    cwd: directory,
  })
  return { status, out, err }
}

async function gatewayOnce(
  step: (record: Awaited<ReturnType<typeof createRecorder>>) => Promise<void>,
) {
  const recorder = await createRecorder({ directory: join(directory, 'record') })
  const recordings = await createRecordings({
    settings: {
      directory: folder,
      key: { reference: 'env:FILM', reveal: () => FILM_KEY },
      previousKeys: [],
      terms: { level: 'results', rows: 100, bytes: 1e6, required: false },
      sessionBytesMax: 1e9,
      spoolBytesMax: 1e9,
      flushMs: 5,
      retentionDays: undefined,
      retention: [],
      sweepMs: 1e6,
      keepers: [],
      s3: undefined,
    },
    store: diskStore(join(folder, 'kept'), realFilmDisk),
    recorder,
    clock: systemClock,
    log: () => undefined,
    onFrame: () => undefined,
    onBytes: () => undefined,
    onFailure: () => undefined,
    onRemoved: () => undefined,
  })
  for (const id of ['alpha-1', 'beta-2', 'gamma-3']) {
    const tape = recordings.tapeFor(filmSession(id))
    act(tape, 1, [`\u001b[31mrow of ${id}`])
    tape.close()
  }
  await eventually(async () => {
    for (const id of ['alpha-1', 'beta-2', 'gamma-3']) {
      if ((await recordings.film(id))?.state !== 'finished') return undefined
    }
    return readdirSync(join(folder, 'done')).length === 0 || undefined
  }, 'three recordings')
  await step(recorder)
  await recordings.close()
  await recorder.close()
}

t.test('sallyport recordings', async (t) => {
  configured(['  key: env:FILM', '  retention_days: 30'])
  t.match(await ran('list'), { status: 0, out: 'nothing is recorded\n' })
  await gatewayOnce(async () => {
    const busy = await ran('delete', 'beta-2', '--reason', 'x')
    t.match(busy, { status: 1, err: /a gateway is running on this record: name it by --url/ })
  })

  await t.test('list tells whose they are and until when; json has the digests', async (t) => {
    const { out } = await ran('list')
    t.match(out, /alpha-1 .* sub +t +finished +\d+ +20\d\d/)
    const all: unknown = JSON.parse((await ran('list', '--format', 'json')).out)
    t.match(all, [{ session: 'alpha-1', digest: /^sha256:/, state: 'finished' }, {}, {}])
  })

  await t.test('show prints frames, safely, by the first letters of an id', async (t) => {
    const { status, out } = await ran('show', 'alp')
    t.equal(status, 0)
    t.match(out, /SELECT 1\n/)
    t.match(out, /row of alpha-1/)
    t.notOk(out.includes('\u001b[31m'))
    const frames = (await ran('show', 'alpha-1', '--format', 'json')).out.trim().split('\n')
    t.match(JSON.parse(frames[0] ?? ''), { kind: 'command', command: 1 })
    t.match(await ran('show', 'nobody'), { status: 1, err: /no recording begins with nobody/ })
    t.match(await ran('show'), { status: 2 })
  })

  await t.test(
    'verify is content, and names what was changed, taken away or put there',
    async (t) => {
      t.match(await ran('verify'), {
        status: 0,
        out: /3 recordings are as the record says: 3 finished/,
      })
      t.match(await ran('verify', '--open'), { status: 0 })
      const film = join(folder, 'kept', 'be', 'beta-2.film')
      const whole = readFileSync(film)
      const changed = Buffer.from(whole)
      changed[40] = (changed[40] ?? 0) ^ 1
      writeFileSync(film, changed)
      t.match(await ran('verify'), { status: 1, out: /beta-2 .*digest is another/ })
      t.match(await ran('verify', 'alpha'), { status: 0 })
      writeFileSync(film, whole.subarray(0, 60))
      t.match(await ran('verify'), { status: 1, out: /beta-2 .*digest is another/ })
      rmSync(film)
      t.match(await ran('verify'), {
        status: 1,
        out: /beta-2 .*missing, and the record does not say/,
      })
      writeFileSync(film, whole)
      mkdirSync(join(folder, 'kept', 'no'))
      copyFileSync(film, join(folder, 'kept', 'no', 'nobody.film'))
      t.match(await ran('verify'), { status: 1, out: /nobody .*the record does not know it/ })
      rmSync(join(folder, 'kept', 'no'), { recursive: true })
      const key = join(folder, 'kept', 'be', 'beta-2.key')
      const document = readFileSync(key, 'utf8')
      writeFileSync(key, document.replace('"sub"', '"bus"'))
      t.match(await ran('verify', '--open'), { status: 1, out: /beta-2 .*not what was written/ })
      writeFileSync(key, document)
      t.match(await ran('verify', '--open'), { status: 0 })
    },
  )

  await t.test(
    'rewrap seals all keys with the new one, after which the old one may go',
    async (t) => {
      configured(['  key: env:NEW'])
      const locked = await ran('rewrap')
      t.match(locked, { status: 1, err: /recordings.previous_keys/, out: /3 could not be/ })
      t.match(await ran('show', 'alpha-1'), { status: 1, err: /sealed with key/ })
      configured(['  key: env:NEW', '  previous_keys: [env:FILM]'])
      t.match(await ran('rewrap'), { status: 0, out: '3 sealed anew, 0 already were\n' })
      t.match(await ran('rewrap'), { status: 0, out: '0 sealed anew, 3 already were\n' })
      configured(['  key: env:NEW'])
      t.match(await ran('show', 'alpha-1'), { status: 0, out: /row of alpha-1/ })
      t.match(await ran('verify', '--open'), { status: 0 })
    },
  )

  await t.test(
    'a hold keeps one from being deleted; then it goes, and the record has it',
    async (t) => {
      t.match(await ran('hold'), { status: 0, out: 'there are no holds\n' })
      t.match(await ran('hold', 'session', 'beta-2'), { status: 2, err: /say why/ })
      t.match(await ran('hold', 'planet', 'x', '--reason', 'y'), { status: 2 })
      const [hold] = JSON.parse(
        (await ran('hold', 'person', 'iss', 'sub', '--reason', 'case 7', '--format', 'json')).out,
      ) as readonly { id: string }[]
      t.match((await ran('list')).out, /beta-2 .*held/)
      t.match(await ran('delete', 'beta-2', '--reason', 'asked to'), {
        status: 1,
        err: /legal hold/,
      })
      t.match(await ran('release', hold?.id ?? '', '--reason', 'over'), { status: 0 })
      t.match(await ran('delete', 'beta-2', '--reason', 'asked to'), {
        status: 0,
        out: /is deleted/,
      })
      t.match(await ran('show', 'beta-2'), { status: 1 })
      t.match(await ran('verify'), { status: 0, out: /2 finished, 0 cut short, 1 deleted/ })
      t.match(await ran('delete', 'beta-2', '--reason', 'again'), {
        status: 1,
        err: /has no recording/,
      })
    },
  )

  await t.test('help, and a configuration without recordings', async (t) => {
    for (const verb of ['list', 'show', 'verify', 'rewrap', 'hold', 'release', 'delete']) {
      t.match((await ran(verb, '--help')).out, new RegExp(`sallyport recordings ${verb}`))
    }
    writeFileSync(join(directory, 'sallyport.yaml'), 'record: { directory: record }\n')
    t.match(await ran('list'), { status: 1, err: /no recordings/ })
    t.match(await ran('list', '--config', 'nothing.yaml'), { status: 1, err: /cannot be read/ })
  })
})
