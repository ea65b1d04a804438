// The shipped policies under OPA's own tools: its tests, its checks against our schemas, its format.
import { join } from 'node:path'
import t from 'tap'
import { policyFolder } from '../../proxy/policies/folder.js'
import { ran } from '../../proxy/policies/opa.js'
import { LIBRARY, opaPath } from './library.js'

const OPA_MS = 60_000

t.test('the tests written in Rego pass', async (t) => {
  const { root, opaPaths, tests } = await policyFolder(LIBRARY)
  const args = ['test', '--format', 'json', ...opaPaths, tests, join(root, '../fixtures/decisions')]
  const said = await ran(await opaPath(), args, { timeoutMs: OPA_MS, cwd: root })
  const results = JSON.parse(said) as readonly {
    readonly name: string
    readonly fail?: boolean
    readonly skip?: boolean
  }[]
  t.ok(results.length > 15)
  t.same(
    results.filter((one) => one.fail === true || one.skip === true).map((one) => one.name),
    [],
  )
})

t.test('no rule reads what facts cannot hold', async (t) => {
  const args = ['check', '--strict', '--schema', `${LIBRARY}/schemas`, `${LIBRARY}/policies`]
  await t.resolves(ran(await opaPath(), args, { timeoutMs: OPA_MS }))
})

t.test('the policies are formatted as OPA formats', async (t) => {
  const args = ['fmt', '--list', `${LIBRARY}/policies`, `${LIBRARY}/tests`]
  t.equal(await ran(await opaPath(), args, { timeoutMs: OPA_MS }), '')
})
