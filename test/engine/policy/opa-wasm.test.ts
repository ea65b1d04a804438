// Evaluation is bounded and starts anew each time: what ran away, conflicted or trapped leaves nothing
// behind, however often it happens.
import t from 'tap'
import { createEvaluator } from '../../../engine/policy/opa-wasm.js'
import { printed } from '../../../engine/policy/rego-value.js'
import { builtWasm } from './opa-lab.js'

const LAB = `package lab

# Twenty to the power of five turns for a text of twenty.
runaway := count([1 |
	some a in input.list
	some b in input.list
	some c in input.list
	some d in input.list
	some e in input.list
	a + b + c + d + e < 0
])

conflict := x if some x in input.list

sum_of := sum(input.list)

grow := concat("", [s | some _ in numbers.range(1, input.count); s := data.big])

echo := input

set_of := {x | some x in input}

silent if input.missing
`

const ENTRYPOINTS = ['runaway', 'conflict', 'sum_of', 'grow', 'echo', 'set_of', 'silent'].map(
  (name) => `lab/${name}`,
)
const BUDGET = 5_000_000

t.test('evaluation', async (t) => {
  const built = await builtWasm(
    { 'lab.rego': LAB, 'data.json': JSON.stringify({ big: 'x'.repeat(100_000) }) },
    ENTRYPOINTS,
  )
  const created = (fuel = BUDGET): ReturnType<typeof createEvaluator> =>
    createEvaluator({ ...built, fuel })
  const list = Array.from({ length: 20 }, (_, at) => at)
  const right = { kind: 'result', value: 190 }

  t.test('what runs away is cut off, and the next decision is right', async (t) => {
    const evaluator = created()
    for (let turn = 0; turn < 5; turn++) {
      const started = process.hrtime.bigint()
      t.same(evaluator.evaluate({ list }, 'lab/runaway'), { kind: 'over_budget' })
      const ms = Number(process.hrtime.bigint() - started) / 1e6
      t.ok(ms < 10_000, `cut off after ${ms.toFixed(1)} ms`)
      t.match(evaluator.evaluate({ list }, 'lab/sum_of'), right)
    }
  })

  t.test('a thousand rules in conflict do not end the engine', async (t) => {
    const evaluator = created()
    let traps = 0
    for (let turn = 0; turn < 1000; turn++) {
      if (evaluator.evaluate({ list: [1, 2] }, 'lab/conflict').kind === 'trap') traps++
    }
    t.equal(traps, 1000)
    t.match(evaluator.evaluate({ list }, 'lab/sum_of'), right)
  })

  t.test('the same facts use the same fuel, on any instance, in any order', async (t) => {
    const fuelOf = (evaluator: ReturnType<typeof created>, size: number): number => {
      const answer = evaluator.evaluate({ list: list.slice(0, size) }, 'lab/sum_of')
      return answer.kind === 'result' ? answer.fuel : -1
    }
    const [one, other] = [created(), created()]
    const first = fuelOf(one, 20)
    t.ok(first > 0)
    other.evaluate({ list: [1, 2] }, 'lab/conflict')
    other.evaluate({ list }, 'lab/runaway')
    other.evaluate({ count: 20 }, 'lab/grow')
    for (let turn = 0; turn < 50; turn++) {
      t.equal(fuelOf(one, 20), first)
      t.equal(fuelOf(other, 20), first)
      t.ok(fuelOf(one, 3) < first)
    }
  })

  t.test('the budget is met to the unit', async (t) => {
    const answer = created().evaluate({ list }, 'lab/sum_of')
    const fuel = answer.kind === 'result' ? answer.fuel : 0
    t.equal(created(fuel).evaluate({ list }, 'lab/sum_of').kind, 'result')
    t.equal(created(fuel - 1).evaluate({ list }, 'lab/sum_of').kind, 'over_budget')
  })

  t.test('memory has an end, which is a denial and not the end of the process', async (t) => {
    const evaluator = created(2_000_000_000)
    const answer = evaluator.evaluate({ count: 5000 }, 'lab/grow')
    t.not(answer.kind, 'result')
    t.match(evaluator.evaluate({ list }, 'lab/sum_of'), right)
  })

  t.test('deep, large and odd facts are answered or refused, never thrown', async (t) => {
    const evaluator = created()
    const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown
    const odd: readonly unknown[] = [
      deep,
      { text: '\udc00' },
      { text: 'x'.repeat(2_000_000) },
      undefined,
      null,
      0,
      '',
      { list: ['x'] },
    ]
    for (const input of odd) {
      for (const entrypoint of ENTRYPOINTS)
        t.doesNotThrow(() => evaluator.evaluate(input, entrypoint))
      t.match(evaluator.evaluate({ list }, 'lab/sum_of'), right)
    }
    t.equal(evaluator.evaluate({ list }, 'lab/nothing').kind, 'trap')
  })

  t.test('false, null and nothing are facts like others', async (t) => {
    const evaluator = created()
    for (const value of [false, null, 0, '', [], {}]) {
      t.match(evaluator.evaluate(value, 'lab/echo'), { kind: 'result', value })
    }
    t.same(evaluator.evaluate(undefined, 'lab/echo'), { kind: 'undefined' })
    t.same(evaluator.evaluate({}, 'lab/silent'), { kind: 'undefined' })
  })

  t.test('asked exactly, sets come in order and numbers with all their digits', async (t) => {
    const evaluator = created()
    const input = '{12345678901234567890123, 1.50, "b", "a", {"x", {1: 2}}}'
    const answer = evaluator.evaluateExactly(input, 'lab/set_of')
    t.equal(
      answer.kind === 'result' ? printed(answer.value) : answer.kind,
      '{1.50, 12345678901234567890123, "a", "b", {"x", {1: 2}}}',
    )
    t.same(evaluator.evaluateExactly('{}', 'lab/silent'), { kind: 'undefined' })
    t.same(evaluator.evaluateExactly('{"list": [1, 2]}', 'lab/conflict').kind, 'trap')
  })

  t.test('what is no compiled policy is refused', async (t) => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    for (const wasm of [
      new Uint8Array(),
      Buffer.from('nonsense'),
      empty,
      built.wasm.subarray(0, 5000),
    ]) {
      t.throws(() => createEvaluator({ wasm, data: '{}', fuel: BUDGET }))
    }
    t.throws(() => createEvaluator({ ...built, data: '{"a":', fuel: BUDGET }))
  })
})
