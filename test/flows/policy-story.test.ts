// A policy's whole way, as somebody walks it who has just installed Sallyport: a repository that passes its
// own tests, a change that is checked, tested, measured on what people really did, built, signed by two and
// served; then one command back. Every word is read from the terminal of the compiled program.
import type pg from 'pg'
import t from 'tap'
import { missingPostgres } from '../peers/postgres.js'
import type { Terminal, Typed } from '../peers/terminal.js'
import {
  ALTER_BUT_INDEXES,
  ALTER_CONDITION,
  DELTA,
  EMPLOYEES_RULE,
  EMPLOYEES_TEST,
} from './policy-story-changes.js'
import { SHIPPED_RULES, SIGNERS, storyWorld } from './policy-story-world.js'

const skip = missingPostgres('embedded')
const SECONDS = 60_000
const RAISE = 'UPDATE employees SET salary = 3500 WHERE id = 7'
const RENAME = 'ALTER INDEX orders_by_customer RENAME TO orders_of_customer'
const RENAME_BACK = 'ALTER INDEX orders_of_customer RENAME TO orders_by_customer'

// All tests of the repository run twice, on real processes; a busy machine takes its time.
t.setTimeout(1_100_000)

t.test('the story of a policy', { skip }, async (t) => {
  const story = await storyWorld(t)
  const { folder, git, sallyport } = story
  const policy: Terminal = (...argv) => sallyport('policy', ...argv)
  const commit = (message: string): string => {
    const { status, text } = git(`git add . && git commit --quiet --message '${message}'`, folder)
    t.equal(status, 0, text)
    return git('git rev-parse HEAD', folder).text.trim()
  }
  const sign = (name: string): Promise<Typed> =>
    policy('sign', 'bundle.tar.gz', '--key', `../keys/${name}.key.pem`, '--name', name)
  const revisions: string[] = []

  await t.test('init makes a repository that passes its own check and tests', async (t) => {
    const made = await policy('init', folder)
    t.match(made, { status: 0, out: /^.*: \d+ files, committed as [0-9a-f]{12}\n\nNext:\n {2}cd / })
    t.match(await policy('check'), { status: 0, out: /✓ nothing found/ })
    const tested = await policy('test', '--facts', '20')
    t.match(tested, { status: 0, out: /\d{3} passed, 0 failed/ })
    revisions.push(git('git rev-parse HEAD', folder).text.trim())
  })

  await t.test('built and signed by two, it is what gateways ask for', async (t) => {
    for (const name of SIGNERS) {
      const made = await policy('sign', '--new-key', '../keys', '--name', name)
      t.match(made, { status: 0, out: /\.key\.pem: the private key; keep it out of Git\n/ })
    }
    const built = await policy('build')
    t.match(built, { status: 0, out: new RegExp(revisions[0] ?? '') })
    t.match(await sign('ci'), { status: 0, out: /signatures: ci\n/ })
    t.match(await sign('security'), { status: 0, out: /signatures: ci, security\n/ })
    const keys = SIGNERS.flatMap((name) => ['--key', `${name}=../keys/${name}.pub.pem`])
    const verified = await policy('verify', 'bundle.tar.gz', '--required', '2', ...keys)
    t.match(verified, { status: 0, out: /good\n {2}signed by ci, security \(2 required\)\n/ })
    const digest = /digest +(\S+)/.exec(built.out)?.[1] ?? 'none'
    t.match(verified.out, new RegExp(`built as +${digest}`), 'the same, whoever signed it since')
    story.publish()
    await story.startGateway()
  })

  const engineer = await story.connect('engineer')
  const agent = await story.connect('agent')
  const approver = await story.as('approver')
  const operator: Terminal = (...argv) => approver('policy', ...argv)
  const records = story.gateway().recordDirectory

  await t.test('clients are answered, masked, refused and held by it', async (t) => {
    const orders = await agent.query('SELECT id, status FROM orders ORDER BY id')
    t.match(orders.rows, [{ status: 'open' }, { status: 'paid' }])
    const customers = await agent.query('SELECT name, ssn FROM customers')
    t.match(customers.rows, [{ name: 'Oskar Medina', ssn: /^\*+$/ }])
    t.match(await saidNo(agent, "UPDATE orders SET status = 'late'"), {
      code: '42501',
      detail: 'rule destructive/update-without-where',
      hint: /WHERE/,
    })
    t.match(await engineer.query(RAISE), { rowCount: 1 }, 'nothing says no to that yet')
    const renamed = engineer.query(RENAME)
    await settled(approver, 'approve', /ALTER INDEX/)
    t.match(await renamed, { command: 'ALTER' }, 'approved, it runs')
    const back = saidNo(engineer, RENAME_BACK)
    await settled(approver, 'deny', /ALTER INDEX/)
    t.match(await back, { code: '42501', hint: /denied by approver: not on a Tuesday/ })
  })

  await t.test('what is wrong with a change is said before it is committed', async (t) => {
    const rule = `${SHIPPED_RULES}/employees.rego`
    story.write(rule, EMPLOYEES_RULE.replace('"update"', '"updte"'))
    const checked = await policy('check')
    t.equal(checked.status, 1)
    t.match(checked.out, /employees\.rego:15:\d+/, 'where')
    t.match(checked.out, /"?updte"?/, 'what')
    t.match(checked.out, /update/, 'how to write it')
    story.write(rule, EMPLOYEES_RULE.replace('public.employees', 'public.orders'))
    git('mkdir tests/commands/employees', folder)
    story.write('tests/commands/employees/employees.commands.yaml', EMPLOYEES_TEST)
    const tested = await policy('test', '--only', 'employees', '--facts', '0')
    t.equal(tested.status, 1)
    t.match(tested.out, /nobody changes a salary/)
    t.match(tested.out, /an order can be changed/)
    t.match(tested.out, /deny/)
    story.write(rule, EMPLOYEES_RULE)
    t.match(await policy('check'), { status: 0 })
    t.match(await policy('test', '--facts', '0'), { status: 0, out: /0 failed/ })
    revisions.push(commit('Employees are changed in payroll alone'))
  })

  await t.test('before it ships, it is known what it would have stopped', async (t) => {
    story.write('delta.yaml', DELTA)
    const differs = await policy('diff', 'HEAD~1:./', '.', '--expect', 'delta.yaml')
    t.match(differs, { status: 0, out: /rule added +employees\/changed/ })
    t.match(differs.out, /stricter +mask-fields → deny +employees\/changed .*expected: delta\.yaml/)
    t.match(differs.out, /UPDATE public\.employees SET .* WHERE id = 1/, 'the plainest command')
    t.notMatch(differs.out, /wider|mixed/)
    const found = await policy('backtest', '--records', records)
    t.match(found, { status: 0, out: /recorded commands: 1 decided otherwise/ })
    t.match(found.out, RAISE)
    t.match(found.out, /engineer/)
    const meant = await policy('backtest', '--records', records, '--expect', 'delta.yaml')
    t.match(meant, { status: 0, out: /expected: delta\.yaml:2 salaries are changed in payroll/ })
    t.match(meant.out, /✓ nothing that was not expected/)
    revisions[1] = commit('Say what is meant')
  })

  await t.test('signed by one it is refused, signed by two it decides', async (t) => {
    t.match(await policy('build'), { status: 0, out: new RegExp(revisions[1] ?? '') })
    t.match(await sign('ci'), { status: 0 })
    story.publish()
    await until('refused', async () => (await refusals(approver, records)).length === 1)
    const status = await operator('status')
    t.match(status, { status: 0, out: new RegExp(`active +${revisions[0] ?? ''}`) })
    t.match(status.out, /refused +at “signatures”: .*signed by 1 \(ci\) .* and 2 must: /)
    t.match(await engineer.query(RAISE), { rowCount: 1 }, 'the old one decides')
    t.match(await policy('verify', 'bundle.tar.gz', '--source', '.'), {
      status: 0,
      out: /made of +\., byte for byte/,
    })
    t.match(await sign('security'), { status: 0 })
    story.publish()
    await until('in force', async () => (await saidNo(engineer, RAISE)) !== undefined)
    t.match(await saidNo(engineer, RAISE), {
      code: '42501',
      message: /employees are changed in payroll alone/,
      detail: 'rule employees/changed',
      hint: /ask payroll/,
    })
    t.match(await operator('status'), { out: new RegExp(`active +${revisions[1] ?? ''}`) })
    t.equal((await refusals(approver, records)).length, 1, 'one line for one refusal')
  })

  await t.test('one command puts the last one back, for those who may', async (t) => {
    const other = await story.as('engineer')
    const refused = await other('policy', 'rollback', '--reason', 'I want my raise')
    t.match(refused, { status: 1, out: '', err: /only members of policy-operators operate/ })
    t.match(await operator('rollback', '--reason', 'payroll is down'), {
      status: 0,
      out: new RegExp(`^In force and held: ${revisions[0] ?? ''}`),
    })
    t.match(await engineer.query(RAISE), { rowCount: 1 }, 'in the same session')
    story.publish()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    t.match(await engineer.query(RAISE), { rowCount: 1 }, 'whatever the source offers')
    t.match(await operator('status'), { out: /held +by approver .*: payroll is down\n/ })
    t.match(await operator('pin', '--off'), {
      status: 0,
      out: new RegExp(`active +${revisions[1] ?? ''}`),
    })
    t.match(await saidNo(engineer, RAISE), { detail: 'rule employees/changed' })
  })

  await t.test('what would let more through does not pass, and is watched first', async (t) => {
    const file = `${SHIPPED_RULES}/destructive.rego`
    story.write(file, story.text(file).replace(ALTER_CONDITION, ALTER_BUT_INDEXES))
    t.match(await policy('check'), { status: 0 }, 'nothing is wrong with its form')
    const found = await policy('backtest', '--records', records, '--expect', 'delta.yaml')
    t.equal(found.status, 1)
    t.match(found.out, /wider +require-approval → mask-fields +destructive\/alter/)
    t.match(found.out, RENAME_BACK)
    t.match(found.out, /✗ 1 decisions? lets? more through, which is not expected/)
    const both = await policy('backtest', '--records', records, '--against', 'HEAD:./')
    t.equal(both.status, 1)
    t.match(both.out, /wider +require-approval → mask-fields +destructive\/alter +2\n/)
    t.match(both.out, RENAME, 'what was approved needs nobody any more')
    t.match(await policy('build'), { status: 0, out: /-dirty/ })
    t.match(await sign('ci'), { status: 0 })
    t.match(await sign('security'), { status: 0 })
    story.shadow()
    await until('in the shadow', async () =>
      (await operator('shadow')).out.startsWith('In the shadow:'),
    )
    const waits = saidNo(engineer, RENAME_BACK)
    await settled(approver, 'deny', /ALTER INDEX/)
    t.match(await waits, { code: '42501' }, 'without effect')
    await until('told', async () => /1 differs/.test((await operator('shadow')).out))
    const shown = await operator('shadow')
    t.match(shown.out, /require-approval → mask-fields +destructive\/alter/)
  })

  await t.test('the record tells all of it, and holds', async (t) => {
    await engineer.end()
    await agent.end()
    const lines = await recorded(approver, records)
    const denied = lines.find(({ text, decision }) => text === RAISE && decision?.action === 'deny')
    const why = await policy('explain', '--records', records, '--seq', String(denied?.seq))
    t.match(why, { status: 0, out: /^UPDATE employees/ })
    t.match(
      why.out,
      new RegExp(`deny +bundle sha256:[0-9a-f]+, commit ${revisions[1]?.slice(0, 12)}`),
    )
    t.match(why.out, /employees\/changed: employees are changed in payroll alone/)
    t.match(why.out, /employees\.rego:\d+/)
    t.match(await sallyport('audit', 'verify', records), { status: 0, out: /✓ good/ })
    t.match(await sallyport('audit', 'recheck', records), {
      status: 0,
      out: /✓ the same[^]* 0 different, 0 could not be executed/,
    })
    const events = lines.flatMap(({ kind, slot, event }) =>
      kind === 'bundle' && slot === undefined ? [event] : [],
    )
    t.same(events, [
      'activated',
      'refused',
      'activated',
      'activated',
      'rolled_back',
      'unpinned',
      'activated',
    ])
  })
})

type Refusal = {
  readonly code: string | undefined
  readonly message: string
  readonly detail: string | undefined
  readonly hint: string | undefined
}

// undefined where it ran.
async function saidNo(client: pg.Client, sql: string): Promise<Refusal | undefined> {
  return client.query(sql).then(
    () => undefined,
    (problem: pg.DatabaseError) => problem,
  )
}

async function settled(approver: Terminal, verb: 'approve' | 'deny', what: RegExp): Promise<void> {
  await until('somebody waits', async () => what.test((await approver('approvals', 'list')).out))
  const { out } = await approver('approvals', 'list', '--format', 'json')
  const id = /"id": "([^"]+)"/.exec(out)?.[1] ?? ''
  const { status, err } = await approver('approvals', verb, id, '--reason', 'not on a Tuesday')
  if (status !== 0) throw new Error(err)
}

type Line = {
  readonly seq: number
  readonly kind: string
  readonly event?: string
  readonly slot?: string
  readonly text?: string
  readonly decision?: { readonly action: string }
}

async function recorded(sallyport: Terminal, records: string): Promise<readonly Line[]> {
  const { out } = await sallyport('audit', 'export', records)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

async function refusals(sallyport: Terminal, records: string): Promise<readonly Line[]> {
  return (await recorded(sallyport, records)).filter(
    ({ event, slot }) => event === 'refused' && slot === undefined,
  )
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + SECONDS
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${SECONDS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
