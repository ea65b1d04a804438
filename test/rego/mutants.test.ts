// A sample of all small changes of the shipped policies is noticed by their tests. The whole is
// `sallyport policy mutate rego --data fixtures/decisions`, some minutes.
import t from 'tap'
import { run } from '../../proxy/commands/policy.js'

const SAMPLE = 80

t.setTimeout(300_000)

t.test('changes of the shipped policies do not go unnoticed', async (t) => {
  let [out, err] = ['', '']
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: process.env,
    cwd: '.',
  }
  const argv = ['rego', '--data', 'fixtures/decisions', '--sample', String(SAMPLE), '--seed', '4']
  t.equal(await run(['mutate', ...argv], io), 0, `${out}${err}`)
  t.match(out, `a sample of ${SAMPLE} of `)
  t.comment(out)
})
