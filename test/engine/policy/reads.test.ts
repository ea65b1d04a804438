// Paths of the facts that rules read: too many costs time, one too few would hand an old decision to new
// facts. So what cannot be followed counts as everything.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readsOf } from '../../../engine/policy/reads.js'
import { ran } from '../../../proxy/policies/opa.js'
import { cases, libraryPolicy, opaPath } from '../../rego/library.js'

async function readsIn(body: string): Promise<readonly string[] | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-reads-'))
  try {
    const path = join(folder, 'a.rego')
    await writeFile(path, `package a\n\n${body}\n`)
    const said = await ran(await opaPath(), ['parse', '--format', 'json', path], {
      timeoutMs: 20_000,
    })
    return readsOf([JSON.parse(said)])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

t.test('a path that is written out is read as far as it goes', async (t) => {
  t.same(await readsIn('x if input.session.counters.denials > 3'), ['session.counters.denials'])
  t.same(await readsIn('x if input["identity"].kind == "agent"'), ['identity.kind'])
  t.same(await readsIn('x if some e in input.command.effects'), ['command.effects'])
  t.same(await readsIn('x if input.command.effects[_].op == "drop"'), ['command.effects'])
  t.same(await readsIn('x := object.get(input.identity, "claims", {})'), ['identity'])
  t.same(await readsIn('x if { every e in input.grants { e.scope == "command" } }'), ['grants'])
  t.same(await readsIn('f(y) := y.z\n\nx := f(input.target)'), ['target'])
  t.same(await readsIn('x := {a: input.time.hour | some a in input.identity.groups}'), [
    'identity.groups',
    'time.hour',
  ])
})

t.test('what stands in brackets is read too', async (t) => {
  t.same(await readsIn('x := data.limits[input.identity.kind]'), ['identity.kind'])
  t.same(await readsIn('x := input.identity.claims[input.target.name]'), [
    'identity.claims',
    'target.name',
  ])
})

t.test('what takes the facts as a whole reads everything', async (t) => {
  for (const body of [
    'x := input',
    'x := object.get(input, "identity", {})',
    'x if { y := input; y.identity.kind == "agent" }',
    'x := input[input.target.name]',
    'x if { some k; input[k] == 1 }',
    'x if walk(input, [_, "secret"])',
    'x := json.marshal(input)',
    'import input as facts\n\nx := facts.target',
  ]) {
    t.same(await readsIn(body), undefined, body)
  }
})

t.test('an import of a part counts as that part', async (t) => {
  const reads = await readsIn('import input.identity as who\n\nx := who.kind')
  t.ok(reads === undefined || reads.some((path) => 'identity.kind'.startsWith(path)))
})

t.test('comments and rules of the data read nothing', async (t) => {
  t.same(await readsIn('# input.identity.kind\nx := data.limits.agent'), [])
})

t.test(
  'facts that differ only in what the shipped policies do not read are decided alike',
  async (t) => {
    const policy = await libraryPolicy()
    const { reads } = policy
    t.ok(reads !== undefined && reads.length > 0)
    const isRead = (path: string): boolean =>
      (reads ?? []).some(
        (one) => path === one || path.startsWith(`${one}.`) || one.startsWith(`${path}.`),
      )
    for (const { name, facts } of cases()) {
      const changed = {
        ...facts,
        session: {
          ...facts.session,
          ...(isRead('session.id') ? {} : { id: 'another' }),
          ...(isRead('session.client_address') ? {} : { client_address: '192.0.2.1' }),
          ...(isRead('session.application') ? {} : { application: 'another' }),
          counters: {
            ...facts.session.counters,
            ...(isRead('session.counters.rows') ? {} : { rows: 100_000 }),
            ...(isRead('session.counters.denials') ? {} : { denials: 50 }),
          },
        },
        time: { ...facts.time, ...(isRead('time.utc') ? {} : { utc: '2030-01-01T00:00:00Z' }) },
      }
      t.same(policy.decide(changed, 'decision'), policy.decide(facts, 'decision'), name)
    }
  },
)
