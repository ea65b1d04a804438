// What the operational log may and may not say.
import t from 'tap'
import { CENSORED, createLog } from '../../proxy/log.js'
import type { LogLevel } from '../../proxy/log.js'

function logged(level: LogLevel = 'info') {
  const lines: string[] = []
  const log = createLog({ level, destination: { write: (line) => lines.push(line) } })
  return { log, lines, all: () => lines.join('') }
}

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'

t.test('members named for secrets are never written, at any depth', async (t) => {
  const { log, all } = logged()
  log.info({
    password: 'hunter2',
    a: { b: { access_token: 'tok-1', headers: { Authorization: 'x tok-2', Cookie: 'tok-3' } } },
    list: [{ clientSecret: 'tok-4' }, { 'signing-key': 'tok-5' }],
    binds: ['123-45-6789'],
    user: 'alice',
    code: 'ENOSPC',
  })
  t.notMatch(all(), /hunter2|tok-\d|123-45/)
  t.match(all(), /"user":"alice"/)
  t.match(all(), /"code":"ENOSPC"/)
  t.match(all(), CENSORED)
})

t.test('secrets inside running text are cut out, in messages and members alike', async (t) => {
  const { log, all } = logged()
  log.warn(`could not verify ${JWT}`)
  log.warn({ url: 'postgres://app:s3cret@db/shop' }, 'Authorization: Bearer abc.def-ghi')
  log.info('login with %s failed', JWT)
  log.error({ detail: "password='pa ss' host=x", more: 'token=zzz&x=1' })
  t.notMatch(all(), /eyJ|s3cret|abc\.def|pa ss|zzz/)
  t.match(all(), /postgres:\/\/app:.*@db\/shop/)
})

t.test('errors keep message and cause, without their secrets', async (t) => {
  const { log, all } = logged()
  const cause = new Error(`refused ${JWT}`)
  log.error(new Error('outer', { cause }))
  log.error({ err: new Error('with password=abc123', { cause }) }, 'twice')
  t.notMatch(all(), /eyJ|abc123/)
  t.match(all(), /outer/)
  t.match(all(), /refused/)
})

t.test('bytes are counted, not shown', async (t) => {
  const { log, all } = logged()
  log.info({ message: Buffer.from('ssn 123-45-6789') })
  t.match(all(), /\[15 bytes\]/)
})

t.test('lines are JSON with level and time, and the level is kept', async (t) => {
  const { log, lines } = logged('warn')
  log.info('not this')
  log.warn({ tokens: 3 }, 'this')
  t.equal(lines.length, 1)
  const line: unknown = JSON.parse(lines[0] ?? '')
  t.match(line, { level: 'warn', msg: 'this', tokens: 3, time: /^\d{4}-\d\d-\d\dT/ })
})

t.test('an endless object is cut, not followed', async (t) => {
  const { log, all } = logged()
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  log.info({ loop })
  t.match(all(), /\[deep\]/)
})
