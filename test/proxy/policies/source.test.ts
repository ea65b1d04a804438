// Policies are swapped whole, between two commands; what cannot be used is refused with the reason, and
// what was there stays.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Policy } from '../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import { buildBundle } from '../../../proxy/policies/build.js'
import { openPolicySource, type PolicySource } from '../../../proxy/policies/source.js'
import { opaPath } from '../../rego/library.js'

const WAIT_MS = 20_000

function rules(id: string): string {
  return `package sallyport.main

decision := {"action": "deny", "rules": [{"id": "${id}", "message": ""}], "masks": [], "limits": {}}

degraded := decision

approval := {"allow": false, "reason": "nobody"}
`
}

function ruleOf(policy: Policy): string {
  const [facts] = SMOKE_FACTS
  if (facts === undefined) throw new Error('there are no smoke cases')
  return policy.decide(facts, 'decision').rules[0]?.id ?? ''
}

type Watched = {
  readonly policies: PolicySource
  readonly events: string[]
  readonly kept: Map<string, Uint8Array>
}

async function watchedSource(test: Test, source: string): Promise<Watched> {
  const events: string[] = []
  const kept = new Map<string, Uint8Array>()
  const opa = await opaPath()
  const policies = await openPolicySource({
    source,
    fuel: 5_000_000,
    opa: async () => opa,
    keep: (digest, bytes) => void kept.set(digest, bytes),
    onActivated: (policy) => {
      // Kept before it can decide anything.
      events.push(kept.has(policy.digest) ? `activated ${ruleOf(policy)}` : 'activated unkept')
    },
    onRefused: (reason) => events.push(`refused ${reason}`),
  })
  test.teardown(() => policies.close())
  return { policies, events, kept }
}

async function until(test: Test, what: string, holds: () => boolean): Promise<void> {
  const started = Date.now()
  while (!holds() && Date.now() - started < WAIT_MS) await delay(20)
  test.ok(holds(), what)
}

function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-source-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

t.test(
  'a folder is built again on each save; one that is wrong leaves the old in force',
  async (t) => {
    const folder = scratch(t)
    const file = join(folder, 'main.rego')
    writeFileSync(file, rules('a/one'))
    const { policies, events, kept } = await watchedSource(t, folder)
    const first = policies.current()
    t.same(events, ['activated a/one'])

    writeFileSync(file, rules('a/two'))
    await until(t, 'the save is active', () => ruleOf(policies.current()) === 'a/two')
    t.ok(policies.current().id > first.id)
    t.equal(ruleOf(first), 'a/one', 'a command that began under the old one ends under it')

    const second = policies.current()
    writeFileSync(file, `${rules('a/three')}\nbroken :=\n`)
    await until(t, 'the mistake is told', () => events.some((event) => event.startsWith('refused')))
    t.match(events.at(-1), /main\.rego/)
    t.equal(policies.current(), second)

    mkdirSync(join(folder, 'area'))
    writeFileSync(join(folder, 'area', 'more.rego'), 'package more\n\nx := 1\n')
    writeFileSync(file, rules('a/four'))
    await until(t, 'the repair is active', () => ruleOf(policies.current()) === 'a/four')
    t.ok(kept.size >= 3)
  },
)

t.test('a bundle file is read again when it is replaced', async (t) => {
  const folder = scratch(t)
  const sources = scratch(t)
  const bundle = join(folder, 'policies.tar.gz')
  const replaced = async (id: string): Promise<void> => {
    writeFileSync(join(sources, 'main.rego'), rules(id))
    writeFileSync(`${bundle}.new`, await buildBundle({ opa: await opaPath(), folder: sources }))
    renameSync(`${bundle}.new`, bundle)
  }
  await replaced('b/one')
  const { policies, events } = await watchedSource(t, bundle)
  await replaced('b/two')
  await until(t, 'the new one is active', () => ruleOf(policies.current()) === 'b/two')

  writeFileSync(bundle, 'not a bundle')
  await until(t, 'the other is refused', () => events.some((event) => event.startsWith('refused')))
  t.equal(ruleOf(policies.current()), 'b/two')

  rmSync(bundle)
  t.equal(await policies.reload(), false)
  t.match(events.at(-1), /there are no policies at/)
  t.equal(ruleOf(policies.current()), 'b/two')
})

t.test('the same policies again are no activation', async (t) => {
  const folder = scratch(t)
  writeFileSync(join(folder, 'main.rego'), rules('c/one'))
  const { policies, events } = await watchedSource(t, folder)
  t.equal(await policies.reload(), false)
  t.same(events, ['activated c/one'])
})

t.test('reloads asked for at once end with the last save', async (t) => {
  const folder = scratch(t)
  writeFileSync(join(folder, 'main.rego'), rules('d/0'))
  const { policies } = await watchedSource(t, folder)
  const all: Promise<boolean>[] = []
  for (const n of [1, 2, 3]) {
    writeFileSync(join(folder, 'main.rego'), rules(`d/${n}`))
    all.push(policies.reload())
  }
  await Promise.all(all)
  t.equal(ruleOf(policies.current()), 'd/3')
})

t.test('without a usable policy to begin with there is no source', async (t) => {
  const folder = scratch(t)
  await t.rejects(watchedSource(t, join(folder, 'missing')), { code: 'bundle_invalid' })
  writeFileSync(join(folder, 'main.rego'), 'package x\n')
  await t.rejects(watchedSource(t, folder), { code: 'bundle_invalid' })
})
