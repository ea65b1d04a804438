// Recordings in a store that speaks S3, against a real server that checks every signature: kept whole, in
// one piece and in parts, read back, listed, removed; a store that is away is waited for.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { s3Store } from '../../../proxy/recordings/s3-store.js'
import type { S3Settings } from '../../../proxy/recordings/settings.js'
import { allFrames, eventually } from '../../peers/film-reader.js'
import { missingS3, startS3, type S3Server } from '../../peers/s3-server.js'
import { act, filmLab, filmSession } from './film-lab.js'

const settingsOf = (server: S3Server, changes: Partial<S3Settings> = {}): S3Settings => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  bucket: server.bucket,
  prefix: 'films (prod)/',
  accessKeyId: { reference: 'env:ID', reveal: () => server.accessKeyId },
  secretAccessKey: { reference: 'env:SECRET', reveal: () => server.secretAccessKey },
  ca: undefined,
  ...changes,
})

t.test('S3', { skip: missingS3() }, async (t) => {
  const server = await startS3()
  t.teardown(() => server.remove())
  const store = s3Store(settingsOf(server), Date.now)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-spool-'))
  const text = async (name: string): Promise<Buffer> => {
    const pieces = await store.pieces(name)
    if (pieces === undefined) throw new Error(`${name} is missing`)
    const all: Buffer[] = []
    for await (const piece of pieces) all.push(piece)
    return Buffer.concat(all)
  }

  await t.test('what is kept is there whole, and left the spool', async (t) => {
    for (const [name, length] of [
      ['ab/small.film', 1000],
      ['ab/empty.film', 0],
      // In three parts.
      ['cd/large.film', 40 * 1024 * 1024 + 17],
    ] as const) {
      const bytes = Buffer.alloc(length, name)
      const path = join(folder, 'file')
      writeFileSync(path, bytes)
      await store.keep(name, path)
      t.notOk(existsSync(path), name)
      t.ok((await text(name)).equals(bytes), name)
    }
    await store.put('ab/small.key', Buffer.from('{}'))
    t.equal((await store.whole('ab/small.key'))?.toString(), '{}')
  })

  await t.test('what is there is listed, what is removed is not', async (t) => {
    for (let n = 0; n < 30; n++) await store.put(`zz/${n}.key`, Buffer.from(String(n)))
    const names: string[] = []
    for await (const { name } of store.list()) names.push(name)
    t.same(names.filter((name) => !name.startsWith('zz')).sort(), [
      'ab/empty.film',
      'ab/small.film',
      'ab/small.key',
      'cd/large.film',
    ])
    t.equal(names.filter((name) => name.startsWith('zz')).length, 30)
    await store.remove('ab/small.film')
    t.equal(await store.whole('ab/small.film'), undefined)
    t.equal(await store.pieces('ab/small.film'), undefined)
    await store.remove('ab/small.film')
  })

  await t.test(
    'wrong keys, a bucket that is not there and no server are said plainly',
    async (t) => {
      const wrong = { reference: 'env:SECRET', reveal: () => 'wrong' }
      const refused = s3Store(settingsOf(server, { secretAccessKey: wrong }), Date.now)
      await t.rejects(refused.put('a/b', Buffer.from('x')), {
        code: 'recording_failed',
        message: /refused PUT a\/b: 403 SignatureDoesNotMatch/,
      })
      const nowhere = s3Store(settingsOf(server, { bucket: 'elsewhere' }), Date.now)
      await t.rejects(nowhere.put('a/b', Buffer.from('x')), { message: /no bucket elsewhere/ })
      await t.rejects(nowhere.whole('a/b'), { message: /no bucket elsewhere/ })
      const gone = s3Store(settingsOf(server, { endpoint: 'http://127.0.0.1:9' }), Date.now)
      await t.rejects(gone.put('a/b', Buffer.from('x')), { message: /cannot be reached/ })
      t.notMatch(await gone.put('a/b', Buffer.from('x')).catch(String), 'a secret')
    },
  )

  await t.test('a store that is away is waited for, and gets everything', async (t) => {
    const lab = await filmLab({ store: () => store })
    t.teardown(lab.close)
    await server.stop()
    for (const name of ['one', 'two']) {
      const tape = lab.recordings.tapeFor(filmSession(`${name}-away`))
      act(tape, 1, [name])
      tape.close()
    }
    await eventually(() => lab.failures.includes('store') || undefined, 'a failure')
    t.equal(lab.recordings.trouble(), undefined)
    t.same((await allFrames(lab.recordings, 'two-away')).length, 4)
    await server.start()
    await eventually(
      () => readdirSync(join(lab.directory, 'done')).length === 0 || undefined,
      'an empty spool',
    )
    t.equal(lab.recordings.spooled(), 0)
    t.match(await allFrames(lab.recordings, 'one-away'), [
      { kind: 'command' },
      { kind: 'columns' },
      { kind: 'rows', rows: [['one']] },
      { kind: 'done' },
    ])
    const sealed = readFileSync(join(server.folder, 'films (prod)', 'on', 'one-away.film'))
    t.notOk(sealed.includes('SELECT'))
    await lab.recordings.removal.remove('one-away', 'somebody', 'over')
    t.notOk(existsSync(join(server.folder, 'films (prod)', 'on', 'one-away.film')))
    t.notOk(existsSync(join(server.folder, 'films (prod)', 'on', 'one-away.key')))
  })
})
