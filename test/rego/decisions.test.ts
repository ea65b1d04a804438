// The shipped policies as Wasm, held against the cases under fixtures/decisions and against OPA itself.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import type { Policy } from '../../engine/policy/policy.js'
import { type Decision } from '../../engine/schemas/decision.js'
import { factsSchema, type Facts } from '../../engine/schemas/facts.js'
import { ran } from '../../proxy/policies/opa.js'
import { cases, LIBRARY, libraryPolicy, opaPath, questions } from './library.js'

const OPA_MS = 60_000
const WORDS = ['allow', 'mask-fields', 'require-approval', 'deny']

t.test('the shipped policies', async (t) => {
  const policy = await libraryPolicy()
  const opa = await opaPath()
  const all = cases()

  t.test('the cases are facts as the gateway makes them', async (t) => {
    const fits = new Ajv({ strict: false }).compile(factsSchema)
    const known = all.filter((one) => String(one.facts.identity.kind) !== 'daemon')
    t.same(
      known.filter((one) => !fits(one.facts)).map((one) => one.name),
      [],
    )
  })

  t.test('every case is decided as it says, by the rules it names', async (t) => {
    for (const { name, facts, decision } of all) {
      const got = policy.decide(facts, 'decision')
      const rules = [...new Set(got.rules.map((rule) => rule.id))].sort()
      t.same(
        { action: got.action, rules },
        { ...decision, rules: [...decision.rules].sort() },
        name,
      )
    }
  })

  t.test('while nobody can be asked, nothing is decided more leniently', async (t) => {
    const lenient = all.filter(({ facts }) => {
      const [one, other] = [policy.decide(facts, 'decision'), policy.decide(facts, 'degraded')]
      if (other.action === 'deny') return false
      return WORDS.indexOf(other.action) < WORDS.indexOf(one.action) || !same(one, other)
    })
    t.same(
      lenient.map((one) => one.name),
      [],
    )
  })

  t.test('every question about an approval is answered as it says', async (t) => {
    for (const { name, question, allow } of questions()) {
      t.equal(policy.mayApprove(question).allow, allow, name)
    }
  })

  t.test('Wasm decides as OPA does', async (t) => {
    const facts = all.flatMap((one) => variantsOf(one.facts))
    const expected = await decidedByOpa(opa, facts)
    t.equal(expected.length, facts.length)
    const different = facts.flatMap((one, at) => {
      const both = bothOf(policy, one)
      return same(both, expected[at]) ? [] : [{ facts: one, wasm: both, opa: expected[at] }]
    })
    t.same(different.slice(0, 3), [])
  })

  t.test('every rule that speaks has a case', async (t) => {
    const named = [...new Set(all.flatMap((one) => one.decision.rules))]
    const declared = await declaredRules(opa)
    t.ok(declared.length > 30)
    // Hours are off in the shipped data; the tests in Rego turn them on.
    const silent = declared.filter((id) => !named.some((name) => isNamed(id, name)))
    t.same(silent, ['limits/production-hours'])
  })
})

type Both = { readonly decision: Decision; readonly degraded: Decision }

function bothOf(policy: Policy, facts: Facts): Both {
  return {
    decision: policy.decide(facts, 'decision'),
    degraded: policy.decide(facts, 'degraded'),
  }
}

// As another, elsewhere, and in pairs of effects: what the cases do not say.
function variantsOf(facts: Facts): readonly Facts[] {
  const human: Facts['identity'] = {
    ...facts.identity,
    kind: 'human',
    groups: ['pii-readers'],
    actor: [],
  }
  const target = { ...facts.target, labels: { env: 'test' } }
  const variants: Facts[] = [facts, { ...facts, identity: human }, { ...facts, target }]
  if (facts.command === undefined) return variants
  const other = { op: 'read', object: 'public.x', kind: 'other' } as const
  const effects = [...facts.command.effects, other]
  return [...variants, { ...facts, command: { ...facts.command, effects } }]
}

async function decidedByOpa(opa: string, facts: readonly Facts[]): Promise<readonly unknown[]> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-decisions-'))
  try {
    await writeFile(join(work, 'situations.json'), JSON.stringify({ situations: facts }))
    await writeFile(
      join(work, 'ask.rego'),
      `package ask

answers := [{"decision": decision, "degraded": degraded} |
	some facts in data.situations
	decision := data.sallyport.main.decision with input as facts
	degraded := data.sallyport.main.degraded with input as facts
]
`,
    )
    const args = [
      'eval',
      ...['policies', 'data'].flatMap((name) => ['-d', join(LIBRARY, name)]),
      '-d',
      work,
    ]
    const said = await ran(opa, [...args, '-f', 'raw', 'data.ask.answers'], { timeoutMs: OPA_MS })
    return JSON.parse(said) as readonly unknown[]
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

// Denials and holds; what allows is known by what it lets pass.
async function declaredRules(opa: string): Promise<readonly string[]> {
  const said = await ran(
    opa,
    ['inspect', '-a', '-f', 'json', `${LIBRARY}/policies/sallyport/policies`],
    {
      timeoutMs: OPA_MS,
    },
  )
  const { annotations } = JSON.parse(said) as {
    annotations: readonly {
      readonly path: readonly { readonly value: string }[]
      readonly annotations: { readonly custom?: { readonly id?: string } }
    }[]
  }
  return annotations.flatMap((one) => {
    const id = one.annotations.custom?.id
    const rule = one.path[3]?.value ?? ''
    return id !== undefined && ['deny', 'hold'].includes(rule) ? [id] : []
  })
}

// `unread/*` is a family of rules.
function isNamed(declared: string, name: string): boolean {
  return declared.endsWith('*') ? name.startsWith(declared.slice(0, -1)) : declared === name
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
