// `sallyport approvals` against a real gateway's API, as a person would type it.
import t from 'tap'
import { help, run } from '../../../proxy/commands/approvals.js'
import { webWorld } from '../web/world.js'

async function typed(argv: readonly string[], env: Record<string, string> = {}) {
  let out = ''
  let err = ''
  const code = await run(argv, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: { HOME: '/nonexistent', ...env },
    cwd: '/',
  })
  return { code, out, err }
}

t.test('list, show, approve', async (t) => {
  const { url, tokens, held } = await webWorld(t)
  const env = { SALLYPORT_URL: url, SALLYPORT_TOKEN: tokens.approver }
  t.same(await typed(['list'], env), { code: 0, out: 'Nothing waits for approval.\n', err: '' })
  const hold = await held()
  const list = await typed(['list'], env)
  t.match(list.out, /^REQUEST +STATUS +LEFT +WHO +TARGET +COMMAND\n/)
  t.match(list.out, `${hold.id}  pending  60 s  engineer (human)  shop    drop table orders`)
  const shown = await typed(['show', hold.id], env)
  t.match(shown.out, /may approve +1 of approvers/)
  t.match(shown.out, /\n {2}drop table orders\n/)
  t.match(shown.out, /destructive\/drop/)
  const done = await typed(['approve', hold.id, '--reason', 'T-1'], env)
  t.match(done, { code: 0, out: `Request ${hold.id}: approved.\n` })
  t.match(await hold.settled, { outcome: 'approved', reason: 'T-1' })
  const again = await typed(['deny', hold.id], env)
  t.equal(again.code, 1)
  t.match(again.err, /already approved/)
  const all = await typed(['list', '--all', '--format', 'json'], env)
  t.match(JSON.parse(all.out), { approvals: [{ id: hold.id, status: 'used' }] })
})

t.test('deny, with the token and address given', async (t) => {
  const { url, tokens, held } = await webWorld(t)
  const hold = await held()
  const argv = ['deny', hold.id, '--url', url, '--token', tokens.approver, '--reason', 'later']
  t.match(await typed(argv), { code: 0, out: `Request ${hold.id}: denied.\n` })
  t.match(await hold.settled, { outcome: 'denied', reason: 'later' })
})

t.test('what cannot be done is said, with exit status 1', async (t) => {
  const { url, tokens, held, web } = await webWorld(t)
  const hold = await held()
  const as = (SALLYPORT_TOKEN: string) => ({ SALLYPORT_URL: url, SALLYPORT_TOKEN })
  for (const [argv, env, words] of [
    [['approve', hold.id], as(tokens.engineer), /nobody approves what they/],
    [['show', '2222-3333-4444'], as(tokens.approver), /there is no request/],
    [['list'], as('nonsense'), /token/],
    [['list'], { SALLYPORT_URL: url }, /sallyport login/],
  ] as const) {
    const answer = await typed(argv, env)
    t.equal(answer.code, 1, argv.join(' '))
    t.match(answer.err, words)
    t.equal(answer.out, '')
  }
  await web.close()
  t.match(await typed(['list'], as(tokens.approver)), { code: 1, err: /no gateway answers at/ })
})

t.test('wrong usage is exit status 2 and sends nothing', async (t) => {
  const env = { SALLYPORT_TOKEN: 'x', SALLYPORT_URL: 'http://127.0.0.1:9' }
  for (const argv of [
    [],
    ['approve'],
    ['approve', '../x'],
    ['approve', 'k7qf-2m9x-p3dt', 'more'],
    ['remove', 'k7qf-2m9x-p3dt'],
    ['list', '--format', 'xml'],
    ['list', '--what'],
    ['list', '--url', 'http://gate.example'],
    ['list', '--url', 'https://user:pw@gate.example'],
  ]) {
    t.equal((await typed(argv, env)).code, 2, argv.join(' '))
  }
  t.match(help, /Exits with 0/)
})

t.test('another’s words cannot steer the terminal', async (t) => {
  const { url, tokens, held } = await webWorld(t)
  const text = 'select 1 -- \u001b[2J\u202e\u0007\nsecond line'
  const hold = await held({ text })
  const env = { SALLYPORT_URL: url, SALLYPORT_TOKEN: tokens.approver }
  for (const argv of [['list'], ['show', hold.id]]) {
    const { out } = await typed(argv, env)
    t.notMatch(out, /[\u001b\u202e\u0007]/)
    t.match(out, /second line/)
  }
})
