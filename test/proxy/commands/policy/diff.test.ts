// `sallyport policy diff` and `backtest`, from arguments to output and exit status, on a repository with two
// revisions and a record made by the first.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  help as backtestHelp,
  run as backtest,
} from '../../../../proxy/commands/policy/backtest.js'
import { help, run } from '../../../../proxy/commands/policy/diff.js'
import { libraryPolicy } from '../../../rego/library.js'
import { syntheticRecord } from '../../policies/backtest/synthetic-record.js'
import { emptyDirectory } from '../../recording/sample-record.js'
import { ranIn, scratchRepository } from './scratch-repository.js'

// A busy machine may be slow to build.
t.setTimeout(240_000)

t.test('two revisions of the shipped policies', async (t) => {
  const root = emptyDirectory(t)
  const { edit, commit, folder } = scratchRepository(root)
  commit('The shipped policies')
  edit('policies/sallyport/policies/destructive.rego', (text) =>
    text.replace('_wide := {"absent", "trivial", "range", "cursor"}', '_wide := {"absent"}'),
  )
  const after = commit('Deletes of a range')
  const records = emptyDirectory(t)
  await syntheticRecord({ directory: records, commands: 1_500, policy: await libraryPolicy() })
  const delta = (text: string): string => {
    writeFileSync(join(root, 'delta.yaml'), text)
    return join(root, 'delta.yaml')
  }
  const revisions = ['HEAD~1:policies-of-ours', 'HEAD:policies-of-ours'] as const

  t.test('what widens access fails, with recorded commands and generated ones', async (t) => {
    const { status, stdout } = await ranIn(
      root,
      run,
      ...revisions,
      '--no-read',
      '--records',
      records,
    )
    t.equal(status, 1)
    t.match(stdout, `After: HEAD:policies-of-ours, ${after.slice(0, 12)}`)
    t.match(stdout, 'rule changed _wide')
    t.match(stdout, /1,500 recorded commands: \d+ decided otherwise/)
    t.match(stdout, /generated situations: \d+ decided otherwise/)
    t.match(stdout, /DELETE FROM public\.t\d+ WHERE id < \d+/)
    t.match(stdout, 'DELETE FROM public.orders WHERE id > 100')
    t.match(stdout, /✗ \d+ decisions let more through/)
  })

  t.test('the same change passes where it is expected, in whole', async (t) => {
    const whole = delta(
      'flips:\n  - why: deletes of a range wait for nobody\n    rule: [destructive/wide-delete, degraded/*]\n    direction: wider\n',
    )
    const good = await ranIn(root, run, ...revisions, '--no-read', '--expect', whole)
    t.equal(good.status, 0, good.stdout)
    const part = delta(
      'flips:\n  - why: one table\n    from: [require-approval]\n    to: [allow, mask-fields]\n    object: [public.t1]\n  - why: never\n    rule: [local/nothing]\n',
    )
    const bad = await ranIn(folder, backtest, '.', '--records', records, '--expect', part)
    t.equal(bad.status, 1)
    t.match(bad.stdout, /expected, but did not come .*delta\.yaml:6/)
    const few = delta(
      'flips:\n  - why: few\n    rule: [destructive/wide-delete]\n    direction: wider\n    max: 2\n',
    )
    const many = await ranIn(folder, backtest, '--records', records, '--expect', few)
    t.match(many.stdout, /expects at most 2 flips, and there are \d+/)
  })

  t.test('markdown holds the table first and folds the examples away', async (t) => {
    const { stdout } = await ranIn(folder, backtest, '--records', records, '--format', 'markdown')
    t.ok(stdout.length < 60_000)
    const [first = '', second = ''] = stdout.split('<details>')
    t.match(first, /\| 🔓 wider \| require-approval → mask-fields \| `destructive\/wide-delete` \|/)
    t.match(second, /```sql\n {2}DELETE FROM public\.t\d+ WHERE id < \d+\n {2}```/)
    const github = await ranIn(folder, backtest, '--records', records, '--format', 'github')
    t.match(github.stdout, /^::error title=wider access::/)
    const json = await ranIn(folder, backtest, '--records', records, '--format', 'json')
    t.match(JSON.parse(json.stdout), { failures: [/let more through/], comparisons: Array })
  })

  t.test('a progress bar is for terminals', async (t) => {
    const seen: string[] = []
    const io = {
      stdout: { write: () => undefined },
      stderr: { write: (text: string) => void seen.push(text), isTTY: true },
      env: process.env,
      cwd: folder,
    }
    await syntheticRecord({ directory: records, commands: 6_000, policy: await libraryPolicy() })
    await backtest(['--records', records, '--fail-on', 'none'], io)
    t.ok(seen.some((text) => /█+.* %/.test(text)))
    t.equal(seen.at(-1), '\r\u001b[K')
  })

  t.test('invariants that the new policies break are named', async (t) => {
    const file = join(root, 'invariants.yaml')
    writeFileSync(
      file,
      'invariants:\n  - id: wide\n    title: deletes name their rows\n    never:\n      effects: [{op: [delete], where: [range]}]\n      target: {env: prod}\n      decision: [allow, mask-fields]\n      unless: {grants: other_person}\n',
    )
    const { stdout, status } = await ranIn(
      folder,
      backtest,
      '--records',
      records,
      '--invariants',
      file,
      '--format',
      'json',
    )
    t.equal(status, 1)
    const report = JSON.parse(stdout) as { invariants: unknown; failures: readonly string[] }
    t.match(report.invariants, [{ id: 'wide', example: { target: 'shop' } }])
    t.match(report.failures.join(), /broken invariants: wide/)
  })

  t.test('wrong usage is told', async (t) => {
    t.match(help, '--no-read')
    t.match(backtestHelp, 'delta.yaml')
    await t.rejects(ranIn(root, run), { code: 'usage' })
    await t.rejects(ranIn(root, backtest, '.'), { code: 'usage', message: /--records/ })
    await t.rejects(ranIn(root, run, 'HEAD~1:nothing', 'x'), { code: 'not_found' })
    await t.rejects(ranIn(root, run, 'nowhere', 'x'), { message: /main:policies/ })
    await t.rejects(ranIn(root, run, '--upload-pack=x:y', 'z'), { code: 'usage' })
    await t.rejects(ranIn(folder, backtest, '--records', records, '--format', 'html'), {
      code: 'usage',
    })
    const file = join(root, 'not-a-bundle')
    writeFileSync(file, readFileSync(join(root, 'invariants.yaml')))
    await t.rejects(ranIn(root, backtest, file, '--records', records), { code: 'bundle_invalid' })
  })
})
