// Invariants held against the shipped policies, against a change that breaks one, and inside of bundles.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleFiles } from '../../../../engine/policy/bundle-files.js'
import { policyOf } from '../../../../engine/policy/bundle.js'
import { backtest } from '../../../../proxy/policies/backtest/backtest.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import {
  bundledInvariants,
  checkInvariants,
  invariantProblem,
  violations,
} from '../../../../proxy/policies/invariants/check.js'
import { invariantsIn } from '../../../../proxy/policies/invariants/read-invariants.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { syntheticRecord } from '../backtest/synthetic-record.js'
import { emptyDirectory } from '../../recording/sample-record.js'

const KEPT = `invariants:
  - id: prod-drop-needs-approval
    title: nothing is dropped on production without another person
    never:
      effects: [drop, truncate]
      target: {env: prod}
      decision: [allow, mask-fields]
      unless: {grants: other_person}
  - id: agents-never-see-pii
    title: personal data leaves masked for programs
    never:
      identity: {kind: [agent, pipeline]}
      flows: [{label: pii, to: [output]}]
      decision: [allow, mask-fields]
      without_mask: [label:pii]
`

t.test('invariants of a bundle', async (t) => {
  const opa = await opaPath()
  const folder = join(emptyDirectory(t), 'policies')
  cpSync(LIBRARY, folder, { recursive: true })
  const own = async () => {
    const bytes = await buildBundle({ opa, folder })
    return {
      bytes,
      files: await bundleFiles(bytes),
      policy: await policyOf(bytes, { id: 1, fuel: 5_000_000 }),
    }
  }
  writeFileSync(join(folder, 'invariants.yaml'), KEPT)
  const good = await own()

  t.test('they are built in, and the shipped policies keep to them', async (t) => {
    const invariants = bundledInvariants(good.files)
    t.equal(invariants.length, 2)
    const { checked, broken } = await checkInvariants(good.policy, good.files, invariants)
    t.same(broken, [])
    t.ok(checked > 500, `${checked} situations`)
    t.equal(await invariantProblem(good.policy, good.bytes), undefined)
  })

  t.test('a file of invariants with a mistake is not built in', async (t) => {
    writeFileSync(join(folder, 'invariants.yaml'), KEPT.replace('never:', 'nevr:'))
    await t.rejects(own(), { code: 'bundle_invalid', message: /invariants\.yaml:4:5: .*never/ })
    writeFileSync(join(folder, 'invariants.yaml'), KEPT)
  })

  t.test('a bundle that breaks its own is told by the plainest command', async (t) => {
    const file = join(folder, 'data/environments/data.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('[dev,', '[prod, dev,'))
    const bad = await own()
    const { broken } = await checkInvariants(bad.policy, bad.files, bundledInvariants(bad.files))
    t.match(broken, [
      {
        invariant: { id: 'prod-drop-needs-approval', place: 'invariants.yaml:2' },
        text: /^(DROP|TRUNCATE) /,
        circumstances: /env=prod/,
        decision: { action: 'mask-fields' },
      },
    ])
    t.match(
      await invariantProblem(bad.policy, bad.bytes),
      /prod-drop-needs-approval .* is broken: (DROP|TRUNCATE)/,
    )

    const directory = emptyDirectory(t)
    await syntheticRecord({ directory, commands: 1_000, policy: good.policy })
    const invariants = bundledInvariants(bad.files)
    const found = await backtest({ records: directory, policy: bad.policy, invariants })
    t.match(found.broken, [
      {
        id: 'prod-drop-needs-approval',
        example: { text: /^DROP TABLE public\.t\d+$/, target: 'shop' },
      },
    ])
    const kept = await backtest({ records: directory, policy: good.policy, invariants })
    t.same(kept.broken, [])
  })

  t.test('facts that are handed in are checked one by one', async (t) => {
    const invariants = invariantsIn(
      'invariants:\n  - {id: nothing, title: nobody may anything, never: {decision: [allow, mask-fields]}}\n',
      'i.yaml',
    )
    const { SMOKE_FACTS } = await import('../../../../engine/policy/smoke-facts.js')
    t.equal(violations(good.policy, invariants, SMOKE_FACTS).length, SMOKE_FACTS.length)
    t.same(violations(good.policy, [], SMOKE_FACTS), [])
  })
})
