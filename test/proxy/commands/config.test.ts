// `sallyport config`: exit codes and what goes to which stream.
import t from 'tap'
import type { Io } from '../../../proxy/commands/io.js'
import { run } from '../../../proxy/commands/config.js'

async function ran(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const io: Io = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    cwd: '.',
  }
  return { code: await run(argv, io), out, err }
}

void t.test('check prints every problem with its place and exits with 1', async (t) => {
  const { code, out, err } = await ran('check', 'fixtures/config/sallyport.example.yaml')
  t.equal(code, 1)
  t.equal(out, '')
  const lines = err.trim().split('\n')
  t.ok(lines.length > 10)
  for (const line of lines.slice(0, -1))
    t.match(line, /: [\w.[\]]+ \(\d+:\d+\): found .+; allowed: /)
  t.match(lines.at(-1), `${lines.length - 1} problem(s)`)
})

void t.test('schema prints the schema; anything else shows the usage', async (t) => {
  const { code, out } = await ran('schema')
  t.equal(code, 0)
  t.match(JSON.parse(out), { title: 'Sallyport configuration' })
  for (const argv of [[], ['check'], ['chekc', 'x'], ['check', 'a', 'b'], ['schema', 'x']]) {
    t.equal((await ran(...argv)).code, 2)
  }
  const missing = await ran('check', '/nowhere/f.yaml')
  t.equal(missing.code, 1)
  t.match(missing.err, /\/nowhere\/f\.yaml cannot be read: ENOENT/)
})
