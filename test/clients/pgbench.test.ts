// pgbench, as installed, through the gateway: its preparation and its own scripts, in each of the three
// ways of sending queries; on a target that is not production, where nobody must agree to a DROP.
import t from 'tap'
import { missingProgram, ran } from './program.js'
import { missingShop, openShop } from './shop.js'

const skip = missingShop() || missingProgram('pgbench', ['--version'])

t.test('pgbench through the gateway', { skip }, async (t) => {
  const shop = await openShop(t, { env: 'dev' })
  const env = await shop.environment('engineer')
  await t.test('it makes and fills its tables, twice; VACUUM is for administrators', async (t) => {
    for (const steps of ['dtgp', 'dtGpf']) {
      const { status, err } = await ran('pgbench', ['-i', '-q', '-I', steps], env)
      t.equal(status, 0, err)
      t.same(await shop.truth('SELECT count(*) FROM pgbench_accounts'), [['100000']])
    }
    const { err } = await ran('pgbench', ['-i', '-I', 'v'], env)
    t.match(err, /DETAIL: {2}rule capabilities\/administration/)
  })
  await t.test('the default script; that VACUUM is refused does not stop it', async (t) => {
    const { status, out, err } = await ran('pgbench', ['-t', '10'], env)
    t.equal(status, 0, err)
    t.match(out, /actually processed: 10\/10/)
  })
  for (const mode of ['simple', 'extended', 'prepared']) {
    for (const script of ['select-only', 'tpcb-like']) {
      await t.test(`${script}, ${mode}`, async (t) => {
        const flags = ['-n', '-b', script, '-M', mode, '-c', '2', '-t', '50']
        const { status, out, err } = await ran('pgbench', flags, env)
        t.equal(status, 0, err)
        t.match(out, /actually processed: 100\/100/)
      })
    }
  }
})
