// What the index finds is what reading the whole record finds, for questions made by chance: on records that rotate,
// whatever the plan, page by page.
import t from 'tap'
import { planOf } from '../../../proxy/search/plan.js'
import { openIndex } from '../../../proxy/search/index-file.js'
import { parseQuery } from '../../../proxy/search/query.js'
import { emptyDirectory } from '../recording/sample-record.js'
import { fits, knownCommands, type Known, type Part } from './brute-force.js'
import { generatedRecord, randomOf, RULES, TABLES, TARGETS } from './generated-record.js'
import { deskOf } from './sample-desk.js'

const VALUES: Readonly<Record<string, readonly string[]>> = {
  person: ['human-0', 'agent-1', 'agent-*', '*@example.com', 'nobody', 'HUMAN-0', 'pipeline-?'],
  kind: ['human', 'agent', 'pipeline'],
  group: ['dba', 'engineers'],
  target: [...TARGETS, 'shop-*', '*-dev'],
  env: ['prod', 'staging', 'dev'],
  tag: ['tier=gold', 'env=*'],
  object: [...TABLES, 'public.customers', '*s', 'public.[ou]*'],
  column: ['customers.ssn', 'ssn', 'public.users.email', 'status', '*.iban', 'cust*'],
  saw: ['ssn', 'customers.*', 'public.salaries.amount'],
  label: ['pii', 'pci', 'secret', 'none'],
  op: ['read', 'update', 'delete', 'drop'],
  rule: [...RULES, 'destructive/*'],
  action: ['allow', 'deny', 'mask-fields', 'require-approval'],
  ran: ['yes', 'no'],
  result: ['done', 'failed', 'unknown'],
  rows: ['>10', '>1000', '>0'],
  session: ['7-1', '7-2', '7-*', '7-1*'],
  approval: ['denied', '*'],
  approver: ['reviewer-1', 'reviewer-*'],
  incident: ['write_back', '*'],
  text: [
    'select',
    'fraud',
    'refund*',
    'where id',
    'region eu',
    'drop table',
    'update customers set',
  ],
}

t.test('questions made by chance find what reading the whole record finds', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({
    directory,
    commands: 4_000,
    seed: 7,
    people: 30,
    each: 60,
    segmentBytes: 400_000,
  })
  const known = await knownCommands(directory)
  const desk = deskOf(t, directory)
  const drivers = new Map<string, number>()
  const index = openIndex(`${directory}/search.sqlite`)
  t.teardown(() => index.close())
  const random = randomOf(11)
  let found = 0
  for (let round = 0; round < 600; round += 1) {
    const parts = questionOf(known, random)
    const question = parts.map(written).join(' ')
    const wanted = known.filter((one) => parts.every((part) => fits(one, part)))
    const { query } = parseQuery(question, 0)
    if (query === undefined) throw new Error(question)
    const { driver } = planOf(index, query, undefined)
    drivers.set(driver, (drivers.get(driver) ?? 0) + 1)
    const page = desk.search({ question, limit: 500 })
    const first = wanted.slice(0, 500).map(({ seq }) => seq)
    if (JSON.stringify(page.hits.map(({ seq }) => seq)) !== JSON.stringify(first)) {
      t.same(
        page.hits.map(({ seq }) => seq),
        first,
        question,
      )
    }
    if (wanted.length > page.total_at_least && wanted.length < 1_000) t.fail(`total of ${question}`)
    const grouped = desk.grouped({ question, by: 'action' })
    if (grouped.commands !== wanted.length) t.equal(grouped.commands, wanted.length, question)
    found += wanted.length === 0 ? 0 : 1
  }
  t.ok(found > 150, `${found} questions had an answer`)
  for (const driver of ['scan', 'who', 'what', 'words', 'session', 'mark', 'none']) {
    t.ok((drivers.get(driver) ?? 0) > 2, `${driver} led ${drivers.get(driver)} times`)
  }
})

t.test('hits are what the record says of them', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 600, seed: 3, people: 9, each: 40 })
  const known = await knownCommands(directory)
  const { hits } = deskOf(t, directory).search({ question: '', limit: 500 })
  for (const [at, hit] of hits.entries()) {
    const { text, session, command, facts, decision, outcome, time, go } = known[at] as Known
    t.match(hit, {
      ...{ text, session, command, ran: go, gone: false, action: decision.action },
      time: new Date(time).toISOString(),
      subject: facts.identity.subject,
      target: facts.target.name,
      rows: outcome?.rows ?? null,
      masked: outcome?.masked ?? null,
      result: outcome?.result ?? null,
      sqlstate: outcome?.sqlstate ?? null,
    })
  }
})

t.test('pages together are the whole, while the record grows', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 700, seed: 5, people: 9, each: 40 })
  const desk = deskOf(t, directory)
  const whole = desk.search({ question: 'env:prod', limit: 500 }).hits.map(({ seq }) => seq)
  const paged: number[] = []
  let cursor: string | undefined
  for (let page = 0; page === 0 || cursor !== undefined; page += 1) {
    const found = desk.search({ question: 'env:prod', limit: 37, cursor })
    paged.push(...found.hits.map(({ seq }) => seq))
    cursor = found.next
    if (page === 1) await generatedRecord({ directory, commands: 50, seed: 6, people: 9 })
    while (page === 1 && desk.step().more);
  }
  t.same(paged.slice(0, whole.length), whole)
  t.equal(new Set(paged).size, paged.length, 'nothing twice')
  t.throws(() => desk.search({ question: '', cursor: '1; drop table commands' }), { code: 'usage' })
})

t.test('sums by person, rule and object count what the hits are', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 1_500, seed: 8, people: 12, each: 40 })
  const known = await knownCommands(directory)
  const desk = deskOf(t, directory)
  const wanted = known.filter((one) => one.facts.target.labels['env'] === 'prod')
  const sum = (names: (one: Known) => readonly string[]) => {
    const sums = new Map<string, { commands: number; rows: number; masked: number }>()
    for (const one of wanted) {
      for (const name of new Set(names(one))) {
        const found = sums.get(name) ?? { commands: 0, rows: 0, masked: 0 }
        sums.set(name, found)
        found.commands += 1
        found.rows += one.outcome?.rows ?? 0
        found.masked += one.outcome?.masked ?? 0
      }
    }
    return sums
  }
  const groups = (by: 'person' | 'rule' | 'object' | 'target') =>
    new Map(
      desk
        .grouped({ question: 'env:prod', by })
        .groups.map(({ value, commands, rows, masked }) => [value, { commands, rows, masked }]),
    )
  t.same(
    groups('person'),
    sum(({ facts }) => [facts.identity.name || facts.identity.subject]),
  )
  t.same(
    groups('rule'),
    sum(({ decision }) => decision.rules.map(({ id }) => id)),
  )
  t.same(
    groups('target'),
    sum(({ facts }) => [facts.target.name]),
  )
  t.same(
    groups('object'),
    sum(({ facts }) => (facts.command?.effects ?? []).map(({ object }) => object)),
  )
})

t.test('a question cannot speak SQL or the language of the full-text index', async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 50, seed: 2, people: 9 })
  const desk = deskOf(t, directory)
  const all = desk.search({ question: '' }).hits.length
  for (const question of [
    `person:"x' or '1'='1"`,
    `person:"x') or 1=1 --"`,
    `object:"a'; drop table commands; --"`,
    `"a' or 1=1"`,
    'select OR fraud',
    'NEAR(select fraud)',
    '"select" NOT "fraud"',
    'text:select',
    '{text} : select',
    '^select',
    'sel"ect',
    `"a"" OR text MATCH ""b"`,
    'session:"[a-z]"',
    'object:[a-z]*',
    `rule:"${'%'.repeat(50)}"`,
    'rows:>0;drop',
    '\u0000',
    '"\u0000"',
    'a\u0000b',
  ]) {
    try {
      t.ok(desk.search({ question }).hits.length < all, question)
    } catch (problem) {
      t.match(problem, { code: 'usage' }, question)
    }
  }
  t.equal(desk.search({ question: '' }).hits.length, all, 'nothing is gone')
  t.same(desk.search({ question: '"OR"' }).hits, [], 'an operator is a word')
})

t.test(
  'who may see only some finds only what is theirs, in hits, sums, totals and sessions',
  async (t) => {
    const directory = emptyDirectory(t)
    await generatedRecord({ directory, commands: 1_000, seed: 4, people: 12, each: 30 })
    const known = await knownCommands(directory)
    const desk = deskOf(t, directory)
    const { made, whos } = desk.whos(0)
    const ids = whos.filter(({ identity }) => identity.subject === 'agent-1').map(({ id }) => id)
    const seen = { made, ids }
    const own = known.filter(({ facts }) => facts.identity.subject === 'agent-1')
    t.ok(own.length > 5 && own.length < known.length)
    for (const question of [
      '',
      'select',
      'env:prod,staging,dev',
      '-person:agent-1',
      'approval:*',
      'session:*',
      'rows:>0',
      'person:human-0',
    ]) {
      const page = desk.search({ question, seen, limit: 500 })
      t.ok(
        page.hits.every(({ subject }) => subject === 'agent-1'),
        question,
      )
      t.ok(page.total_at_least <= own.length, 'nor counted')
      const { groups } = desk.grouped({ question, seen, by: 'person' })
      t.ok(groups.length <= 1, 'nor summed')
      const { sessions } = desk.sessions({
        question: /^(select|approval|session|rows)/.test(question) ? '' : question,
        seen,
        limit: 500,
      })
      t.ok(
        sessions.every(({ subject }) => subject === 'agent-1'),
        'nor listed',
      )
    }
    t.equal(desk.search({ question: '', seen, limit: 500 }).hits.length, own.length)
    t.same(desk.search({ question: '', seen: { made, ids: [] } }).hits, [])
    desk.rebuild()
    t.throws(
      () => desk.search({ question: '', seen }),
      { code: 'conflict' },
      'numbers of another index',
    )
  },
)

function questionOf(known: readonly Known[], random: (below: number) => number): readonly Part[] {
  const fields = Object.keys(VALUES)
  const parts: Part[] = []
  for (let n = random(4); n >= 0; n -= 1) {
    const field = fields[random(fields.length)] ?? ''
    const values = VALUES[field] ?? []
    const value = values[random(values.length)] ?? ''
    const never = ['rows', 'text'].includes(field)
    parts.push({ field, value, without: !never && random(5) === 0 })
  }
  for (const field of ['since', 'until']) {
    if (random(5) > 0) continue
    const { time } = known[random(known.length)] as Known
    parts.push({ field, value: String(time + random(3) - 1), without: false })
  }
  // A word is never only left out: that is no question.
  if (parts.some(({ field }) => field === 'text') && random(3) === 0) {
    parts.push({ field: 'text', value: ['churn', 'delete'][random(2)] ?? '', without: true })
  }
  return parts
}

function written({ field, value, without }: Part): string {
  const sign = without ? '-' : ''
  if (field !== 'text') return `${sign}${field}:${value}`
  return `${sign}${value.endsWith('*') ? value : `"${value}"`}`
}
