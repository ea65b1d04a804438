// `sallyport policy status|activate|rollback|pin` against a real gateway, as an operator would type it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../../../proxy/commands/policy.js'
import { recordLines } from '../../../../proxy/recording/read-record.js'
import { startTestGateway, type TestGateway } from '../../../peers/gateway.js'
import { bundleOf, rules } from '../../policies/serving/lab.js'

// Says who may operate: people of this group, or nobody.
function letting(id: string, group: string): string {
  return `${rules(id).replace(/approval := .*/, '')}
default approval := {"allow": false, "reason": "not by ${id}"}

approval := {"allow": true, "reason": ""} if "${group}" in input.approver.groups
`
}

type Typed = { readonly code: number; readonly out: string; readonly err: string }

async function world(test: Test): Promise<{
  readonly gateway: TestGateway
  readonly publish: (text: string, revision: string) => Promise<void>
  readonly typed: (...argv: readonly string[]) => Promise<Typed>
  readonly typedAs: (name: string, ...argv: readonly string[]) => Promise<Typed>
}> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-operating-'))
  const policies = join(folder, 'policies.tar.gz')
  const publish = async (text: string, revision: string): Promise<void> =>
    writeFileSync(policies, await bundleOf(test, text, { revision }))
  await publish(letting('a/one', 'approvers'), 'one')
  const target = { name: 'shop', host: '127.0.0.1', port: 1, accounts: [] }
  const gateway = await startTestGateway({
    policies,
    target: { ...target, accounts: [{ user: 'nobody', password: 'none' }] },
    config: { policy: { source: policies, operators: ['approvers'] } },
  })
  test.teardown(async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const typedAs = async (name: string, ...argv: readonly string[]): Promise<Typed> => {
    let [out, err] = ['', '']
    const env = { SALLYPORT_URL: gateway.webUrl, SALLYPORT_TOKEN: await gateway.token(name) }
    const code = await run(argv, {
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: (text: string) => (err += text) },
      env: { HOME: '/nonexistent', ...env },
      cwd: '/',
    })
    return { code, out, err }
  }
  return { gateway, publish, typedAs, typed: (...argv) => typedAs('approver', ...argv) }
}

t.test(
  'status, activate, rollback, pin: what operators type, and what stands in the record',
  async (t) => {
    const { gateway, publish, typed, typedAs } = await world(t)
    const status = await typed('status')
    t.match(status, { code: 0, out: /^active +one sha256:[0-9a-f]{64}\n/, err: '' })
    t.match(status.out, /source +.*policies\.tar\.gz \(file\)\n/)
    const json: unknown = JSON.parse((await typed('status', '--format', 'json')).out)
    t.match(json, { active: { revision: 'one' }, freshness: 'fresh', pin: null, refused: null })

    await publish(letting('a/two', 'approvers'), 'two')
    t.match(await typed('activate'), { code: 0, out: /^active +two / })
    await publish(letting('a/three', 'approvers'), 'two')
    t.match(await typed('activate'), {
      code: 1,
      out: '',
      err: /^sallyport: refused at “lineage”: revision two was in force before with other contents/,
    })
    t.match((await typed('status')).out, /refused +at “lineage”: /)

    const back = await typed('rollback', '--reason', 'T-7: too strict')
    t.match(back, { code: 0, out: /^In force and held: one sha256:/ })
    t.match((await typed('status')).out, /held +by approver \(http.*\), .*: T-7: too strict\n/)
    t.match(await typed('activate'), { code: 1, err: /held at sha256:.*policy pin --off/ })
    t.match(await typed('pin', 'two'), { code: 0, out: /^In force and held: two / })
    t.match(await typed('pin', 'four'), { code: 1, err: /no bundle four was in force here/ })
    await publish(letting('a/three', 'approvers'), 'three')
    t.match(await typed('pin', '--off'), { code: 0, out: /^active +three / })

    for (const name of ['engineer', 'agent']) {
      const refused = await typedAs(name, 'rollback')
      t.match(refused, { code: 1, err: /only members of approvers operate policies/ }, name)
    }
    for (const wrong of [
      ['pin'],
      ['pin', 'a', 'b'],
      ['status', 'x'],
      ['activate', '--reason', 'y'],
    ]) {
      t.equal((await typed(...wrong)).code, 2, wrong.join(' '))
    }
    for (const verb of ['status', 'activate', 'rollback', 'pin', 'shadow']) {
      t.match(await typed(verb, '--help'), { code: 0, out: new RegExp(`sallyport policy ${verb}`) })
    }
    t.match(await typed('shadow'), { code: 1, err: /no policy in the shadow/ })

    await gateway.gateway.stop(0)
    const events: string[] = []
    for await (const { line } of recordLines(gateway.recordDirectory)) {
      if (line.kind !== 'bundle') continue
      const who = line.by === undefined ? '' : ' by approver'
      t.ok(line.by === undefined || line.by.includes('"approver"'))
      events.push(`${line.event} ${line.revision ?? line.step ?? ''}${who}`)
    }
    t.same(events, [
      'activated one',
      'activated two by approver',
      'refused lineage by approver',
      'activated one by approver',
      'rolled_back  by approver',
      'activated two by approver',
      'pinned  by approver',
      'unpinned  by approver',
      'activated three by approver',
    ])
  },
)

t.test('policies that let nobody in can be undone by whom those before let in', async (t) => {
  const { publish, typed, typedAs } = await world(t)
  await publish(letting('b/two', 'nobody'), 'two')
  // The gateway may have noticed the file by itself, and then lets nobody in already.
  const { code, err } = await typed('activate')
  t.ok(code === 0 || /not by b\/two/.test(err), err)
  for (const argv of [['status'], ['activate'], ['pin', 'one'], ['pin', '--off']]) {
    t.match(await typed(...argv), { code: 1, err: /not by b\/two/ }, argv.join(' '))
  }
  t.match(await typedAs('engineer', 'rollback'), { code: 1, err: /only members of approvers/ })
  t.match(await typed('rollback'), { code: 0, out: /held: one / })
  t.match(await typed('status'), { code: 0 })
})
