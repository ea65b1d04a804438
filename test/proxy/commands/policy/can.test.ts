// `sallyport policy can`, from arguments to output and exit status.
import t from 'tap'
import { run } from '../../../../proxy/commands/policy/can.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY } from '../../../rego/library.js'

async function can(...argv: string[]) {
  let stdout = ''
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => undefined },
    env: process.env,
    cwd: LIBRARY,
  })
  return { status, stdout }
}

t.test(
  'what an agent can do at each target fits a page',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const { status, stdout } = await can('agent')
    t.equal(status, 0)
    t.match(stdout, /^agent \(agent, agents\) at shop \(env: prod\)$/m)
    t.match(stdout, /^agent \(agent, agents\) at shop_test \(env: test\)$/m)
    t.match(stdout, /needs an approval\n( .*\n)* +drop .*by approvers {2}destructive\/drop/)
    const targets = stdout.match(/^agent .* at /gm)?.length ?? 0
    t.ok(targets > 1 && stdout.split('\n').length / targets < 60, `${targets} targets`)
    const json: unknown = JSON.parse(
      (await can('agent', '--target', 'shop', '--format', 'json')).stdout,
    )
    t.match(json, [{ target: { name: 'shop' }, rows: Array, abilities: Array }])
  },
)

t.test('groups may be tried out', { skip: missingPostgres('embedded') }, async (t) => {
  const argv = ['engineer', '--target', 'shop', '--groups', 'engineers,pii-readers']
  t.notMatch((await can(...argv)).stdout, /protected\/personal-data/)
})

t.test('an identity that is not there is named, with those that are', async (t) => {
  await t.rejects(can('nobody'), { code: 'usage', message: /nobody.*agent/ })
  await t.rejects(can(), { code: 'usage' })
})
