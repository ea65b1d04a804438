// References to secrets: followed when used, silent when printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { secretOf } from '../../../proxy/config/secrets.js'

void t.test('a secret is read when it is used, so that a rotated one is seen', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-secret-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const env: Record<string, string> = { NAME: 'one' }
  const sources = { env, directory }
  writeFileSync(join(directory, 'secret'), 'from a file\n')
  const variable = secretOf('env:NAME', sources)
  const file = secretOf('file:secret', sources)
  t.equal(variable.reveal(), 'one')
  t.equal(file.reveal(), 'from a file')
  env['NAME'] = 'two'
  writeFileSync(join(directory, 'secret'), 'another\r\n')
  t.equal(variable.reveal(), 'two')
  t.equal(file.reveal(), 'another')
  t.notMatch(
    inspect([variable, file], { depth: 9 }) + JSON.stringify([variable, file]),
    /two|another/,
  )
  writeFileSync(join(directory, 'empty'), '\n')
  for (const reference of ['env:OTHER', 'env:', 'file:', 'file:nowhere', 'file:empty', 'hunter2']) {
    t.throws(() => secretOf(reference, sources).reveal(), { code: 'secret_unavailable' }, reference)
  }
  const told = t.throws(() => secretOf('hunter2', sources).reveal())
  t.notMatch(inspect(told), /hunter2'/, 'a secret written by mistake is not repeated')
  t.end()
})
