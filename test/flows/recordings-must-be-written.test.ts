// Where sessions must be recorded and cannot be, they end, and no new ones begin, until it works again; a
// gateway that is killed leaves recordings that are read up to their end, and say where that is.
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import type { Film } from '../../proxy/recordings/film.js'
import { allFrames, eventually, FILM_KEY, filmReader } from '../peers/film-reader.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const built = existsSync(join(REPOSITORY, 'build/proxy/main.js'))
const skip = missingPostgres('embedded') || (!built && 'the program is not built')

t.test('recordings that must be', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  process.env['TEST_FILM_KEY'] = FILM_KEY
  const gateway = await startGatewayProcess({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
    config: {
      recordings: {
        directory: 'recordings',
        key: 'env:TEST_FILM_KEY',
        flush_ms: 20,
        default: { required: true },
      },
    },
  })
  const folder = join(gateway.directory, 'recordings')
  const films = filmReader(folder)
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
  })
  const connected = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: gateway.port,
      user: 'engineer',
      password: await gateway.token('engineer'),
      database: 'shop',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const failureOf = (step: Promise<unknown>): Promise<{ code?: string; message?: string }> =>
    step.then(
      () => ({ message: 'no error' }),
      (problem: unknown) => problem as { code?: string; message?: string },
    )

  await t.test('one that cannot be written ends its session within a second', async (t) => {
    const client = await connected()
    renameSync(join(folder, 'open'), join(folder, 'away'))
    let ended: { code?: string; message?: string } | undefined
    client.on('error', (problem) => (ended = problem))
    const started = Date.now()
    const failure = await failureOf(
      (async () => {
        // What was on its way may still come through.
        for (;;) await client.query('SELECT 1')
      })(),
    )
    t.ok(Date.now() - started < 30_000, 'soon')
    t.match([failure.code, ended?.code].includes('58030') || failure, true)
    t.match(
      `${failure.message} ${ended?.message}`,
      /the recording of this session cannot be written/,
    )
  })

  await t.test('meanwhile nobody who must be recorded comes in, and it is said', async (t) => {
    t.match(await failureOf(connected()), { code: '58000', message: /must be recorded/ })
    const ready = await fetch(`${gateway.webUrl}/readyz`)
    t.equal(ready.status, 503)
    t.match(
      await (await fetch(`${gateway.webUrl}/metrics`)).text(),
      /sallyport_recordings_healthy 0/,
    )
    t.match(gateway.log(), /recordings cannot be written/)
  })

  await t.test('once it can be written again, sessions are welcome and recorded', async (t) => {
    renameSync(join(folder, 'away'), join(folder, 'open'))
    const client = await eventually(() => connected().catch(() => undefined), 'a session')
    await client.query("SELECT 'again'")
    await client.end()
    const film = await eventually(async () => {
      for await (const one of films.films()) if (one.state === 'finished') return one
      return undefined
    }, 'a recording')
    t.ok(JSON.stringify(await allFrames(films, film.session)).includes('again'))
  })

  await t.test(
    'after kill -9 what was flushed is there, and it says that it is cut short',
    async (t) => {
      const client = await connected()
      for (let n = 1; n <= 20; n++) await client.query(`SELECT ${n} AS n`)
      const open = await eventually(
        () => readdirSync(join(folder, 'open')).find((name) => name.endsWith('.film')),
        'a file',
      )
      await eventually(async () => {
        const frames = await allFrames(films, open.slice(0, -'.film'.length))
        return frames.filter(({ kind }) => kind === 'done').length >= 20 || undefined
      }, 'twenty commands')
      await client.query('SELECT 21').catch(() => undefined)
      await gateway.kill()
      await gateway.start()
      const session = open.slice(0, -'.film'.length)
      const film = await eventually<Film>(async () => {
        const found = await films.film(session)
        return found?.bytes === 0 ? undefined : found
      }, 'what was left')
      t.equal(film.state, 'cut_short')
      const frames = await allFrames(films, session)
      t.ok(frames.filter(({ kind }) => kind === 'done').length >= 20)
      t.match(frames.at(-1), { kind: 'cut', command: 0, why: /cut short/ })
      await client.end().catch(() => undefined)
    },
  )
})
