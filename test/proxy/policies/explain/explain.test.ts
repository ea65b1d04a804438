// An explanation tells the truth: what it says of each rule is what OPA says, the decision is the Wasm's, and
// places and values are those of the author and of the facts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { policyOf } from '../../../../engine/policy/bundle.js'
import type { Policy } from '../../../../engine/policy/policy.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import { explained } from '../../../../proxy/policies/explain/explain.js'
import { explanationText } from '../../../../proxy/policies/explain/explanation-text.js'
import {
  bundleSources,
  folderSources,
  type PolicySources,
} from '../../../../proxy/policies/explain/sources.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { cases, LIBRARY, opaPath } from '../../../rego/library.js'

const FUEL = 100_000_000

const POLICY = `package sallyport.main

import data.house

decision := {"action": "deny", "rules": house.rules, "masks": [], "limits": {}} if {
	count(house.rules) > 0
} else := {"action": "allow", "rules": [], "masks": [], "limits": {}}

degraded := decision

approval := {"allow": false, "reason": "nobody"}
`

const HOUSE = `package house

import input.identity as who

# METADATA
# title: Programs keep to small answers
# custom:
#   id: house/small
#   severity: low
deny contains {"id": "house/small", "message": "too much at once"} if {
	who.kind == "agent"
	some effect in input.command.effects
	effect.op == "read"
	not _small
}

# METADATA
# title: Nobody deletes at night
# custom:
#   id: house/night
deny contains {"id": "house/night", "message": "not at night"} if {
	some effect in input.command.effects
	effect.op == "delete"
	input.time.hour < data.night.until
}

rules := [rule | some rule in deny]

_small if input.command.postgres.limited in numbers.range(0, data.small.rows)
`

async function made(test: Test): Promise<{ policy: Policy; sources: PolicySources }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-explain-test-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const files = {
    'main.rego': POLICY,
    'house.rego': HOUSE,
    'data.yaml': 'small: {rows: 10}\nnight: {until: 6}\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const opa = await opaPath()
  const policy = await policyOf(await buildBundle({ opa, folder }), { id: 1, fuel: FUEL })
  const sources = await folderSources(await policyFolder(folder), opa)
  test.teardown(sources.close)
  return { policy, sources }
}

function factsWith(op: 'read' | 'delete', more: Partial<Facts['command'] & object> = {}): Facts {
  const found = cases().find(({ facts }) => facts.command !== undefined)?.facts
  if (found?.command === undefined) throw new Error('there is no case with a command')
  const { command } = found
  return {
    ...found,
    identity: { ...found.identity, kind: 'agent', actor: [] },
    time: { ...found.time, hour: 9 },
    command: {
      ...command,
      effects: [{ op, object: 'public.orders', kind: 'table' }],
      flows: [],
      unread: [],
      postgres: { ...command.postgres, limited: -1, returns_rows: true },
      ...more,
    },
  }
}

t.test('an explanation', async (t) => {
  const { policy, sources } = await made(t)

  t.test('names the rule that spoke, where it stands and what its conditions met', async (t) => {
    const found = await explained({ policy, sources, facts: factsWith('read') })
    t.equal(found.decision.action, 'deny')
    t.notOk('opaDiffers' in found)
    t.match(found.spoke, [
      {
        id: 'house/small',
        message: 'too much at once',
        place: 'house.rego:10',
        counts: true,
        conditions: [
          { text: 'who.kind == "agent"', place: 'house.rego:11', met: [{ values: ['agent'] }] },
          {},
          { text: 'effect.op == "read"', met: [{ text: 'effect.op', values: ['read'] }] },
          { text: 'not _small', facts: { 'command.postgres.limited': -1 } },
        ],
      },
    ])
  })

  t.test('names the rule that nearly spoke, and the condition that did not hold', async (t) => {
    const found = await explained({ policy, sources, facts: factsWith('delete') })
    t.equal(found.decision.action, 'allow')
    const night = found.nearly.find(({ id }) => id === 'house/night')
    t.match(night, {
      place: 'house.rego:21',
      but: {
        text: 'input.time.hour < data.night.until',
        place: 'house.rego:24',
        met: [
          { text: 'input.time.hour', values: [9] },
          { text: 'data.night.until', values: [6] },
        ],
      },
    })
  })

  t.test('says of the silent ones which of their conditions do not hold', async (t) => {
    const facts = factsWith('read', { effects: [] })
    const found = await explained({ policy, sources, facts })
    const night = found.silent.find(({ id }) => id === 'house/night')
    t.same(
      night?.failed.map(({ text }) => text),
      ['some effect in input.command.effects', 'input.time.hour < data.night.until'],
    )
  })

  t.test('says what would pass', async (t) => {
    const found = await explained({ policy, sources, facts: factsWith('read') })
    t.match(found.wouldPass[0], { words: 'add LIMIT 1', action: 'allow' })
  })

  t.test('says so where OPA decides otherwise than the enforced Wasm', async (t) => {
    const decision = { action: 'allow', rules: [], masks: [], limits: {} } as const
    const other: Policy = {
      ...policy,
      decide: () => ({ ...decision, rules: [], masks: [] }),
    }
    const found = await explained({ policy: other, sources, facts: factsWith('read') })
    t.equal(found.decision.action, 'allow')
    t.match(found.opaDiffers, { action: 'deny' })
    t.match(explanationText(found), /OPA decides otherwise/)
  })

  t.test('is printed with the file and the line of each condition', async (t) => {
    const text = explanationText(await explained({ policy, sources, facts: factsWith('read') }))
    t.match(text, /deny .*\n {2}house\/small: too much at once/)
    t.match(text, /house\/small {2}denies {2}low {2}house\.rego:10/)
    t.match(text, / 13 {2}effect\.op == "read" {3}← effect\.op = "read"/)
    t.match(text, /What would pass\n {2}add LIMIT 1 {2}→ allow/)
  })
})

t.test('the shipped library is explained by its folder and by its bundle alike', async (t) => {
  const opa = await opaPath()
  const bytes = await buildBundle({ opa, folder: LIBRARY })
  const policy = await policyOf(bytes, { id: 1, fuel: FUEL })
  const folder = await folderSources(await policyFolder(LIBRARY), opa)
  const bundle = await bundleSources(bytes, opa)
  t.teardown(bundle.close)
  const some = cases().filter((_, at) => at % 40 === 0)
  for (const { name, facts, decision } of some) {
    const [one, other] = await Promise.all(
      [folder, bundle].map((sources) => explained({ policy, sources, facts })),
    )
    if (one === undefined || other === undefined) throw new Error('two were asked for')
    t.notOk('opaDiffers' in one, name)
    const ids = (found: typeof one): readonly string[] => found.spoke.map(({ id }) => id)
    t.same(ids(other), ids(one), name)
    t.same(
      other.nearly.map(({ but }) => but.text).sort(),
      one.nearly.map(({ but }) => but.text).sort(),
    )
    if (decision.action !== 'deny') continue
    // Every rule that the decision names is among those that spoke.
    for (const id of decision.rules) {
      if (!id.startsWith('sallyport/')) t.ok(ids(one).includes(id), `${name}: ${id}`)
    }
  }
})
