// The shipped policies on ten thousand generated facts: what is enforced, and what OPA itself decides, must
// not differ once.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bundleFiles } from '../../engine/policy/bundle-files.js'
import { policyOf } from '../../engine/policy/bundle.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { policyFolder } from '../../proxy/policies/folder.js'
import { ran } from '../../proxy/policies/opa.js'
import { generatedFacts } from '../../proxy/policies/testing/generated-facts.js'
import { opaDecisions } from '../../proxy/policies/testing/opa-decisions.js'
import { differenceFrom } from '../../proxy/policies/testing/properties.js'
import { testWorkspace } from '../../proxy/policies/testing/test-workspace.js'
import { wordsOfPolicy } from '../../proxy/policies/testing/words-of-policy.js'
import { LIBRARY, opaPath } from './library.js'

const COUNT = 10_000
const AT_ONCE = 1_000
const FUEL = 100_000_000
const OPA_MS = 60_000

t.test('OPA and the Wasm decide the same on ten thousand generated facts', async (t) => {
  const opa = await opaPath()
  const bytes = await buildBundle({ opa, folder: LIBRARY })
  const policy = await policyOf(bytes, { id: 1, fuel: FUEL })
  const workspace = await testWorkspace(await policyFolder(LIBRARY), [])
  t.teardown(() => workspace.remove())
  const files = (await readdir(LIBRARY, { recursive: true })).filter((name) =>
    /^policies\/.*(?<!_test)\.rego$/.test(name),
  )
  const modules = await Promise.all(
    files.map(async (name): Promise<unknown> => {
      const run = { timeoutMs: OPA_MS, cwd: LIBRARY }
      return JSON.parse(await ran(opa, ['parse', '--format', 'json', join(LIBRARY, name)], run))
    }),
  )
  const data = (await bundleFiles(bytes)).get('data.json')?.toString('utf8') ?? '{}'
  const words = wordsOfPolicy(modules, JSON.parse(data))
  const facts = [...generatedFacts({ seed: 4, count: COUNT, words })]
  const actions = new Map<string, number>()
  const different: string[] = []
  for (let from = 0; from < COUNT; from += AT_ONCE) {
    const some = facts.slice(from, from + AT_ONCE)
    const { decisions } = await opaDecisions(opa, workspace, some, { coverage: false })
    t.equal(decisions.length, some.length)
    for (const [at, one] of some.entries()) {
      for (const entrypoint of ['decision', 'degraded'] as const) {
        const decision = policy.decide(one, entrypoint)
        actions.set(decision.action, (actions.get(decision.action) ?? 0) + 1)
        const found = differenceFrom(decisions[at], decision, entrypoint)
        if (found !== undefined) {
          different.push(`${entrypoint} ${from + at}: OPA ${found.expected}, here ${found.came}`)
        }
      }
    }
  }
  t.same(different.slice(0, 5), [], `${different.length} differences`)
  t.same([...actions.keys()].sort(), ['allow', 'deny', 'mask-fields', 'require-approval'])
  t.comment([...actions].map(([action, count]) => `${action} ${count}`).join(', '))
})
