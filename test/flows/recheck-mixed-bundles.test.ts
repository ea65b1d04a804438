// A record of 100,000 decisions, made by several bundles one after another and in turns, comes out the same
// when every decision is executed again; one that was recorded otherwise is named.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { recheckRecord } from '../../proxy/recording/recheck.js'
import { segmentNames } from '../../proxy/recording/segment.js'
import { emptyDirectory } from '../proxy/recording/sample-record.js'
import { syntheticRecord } from '../proxy/policies/backtest/synthetic-record.js'
import { LIBRARY, opaPath } from '../rego/library.js'

const RECORDS = 100_000
const TURNS = 8
const FUEL = 100_000_000

t.setTimeout(300_000)

t.test(`${RECORDS} decisions of mixed bundles, executed again`, async (t) => {
  const policies: Policy[] = []
  for (const most of [1000, 2, 500]) {
    const folder = join(emptyDirectory(t), 'rego')
    cpSync(LIBRARY, folder, { recursive: true })
    const limits = join(folder, 'data', 'limits', 'data.yaml')
    const text = readFileSync(limits, 'utf8')
    // How many commands a minute agents may run.
    writeFileSync(limits, text.replace('last_minute: 1000\n', `last_minute: ${most}\n`))
    const bytes = await buildBundle({ opa: await opaPath(), folder })
    policies.push(await policyOf(bytes, { id: policies.length + 1, fuel: FUEL }))
  }
  t.equal(new Set(policies.map(({ digest }) => digest)).size, policies.length, 'different bundles')
  const directory = emptyDirectory(t)
  for (let turn = 0; turn < TURNS; turn += 1) {
    const policy = policies[turn % policies.length]
    if (policy === undefined) throw new Error('no policy')
    await syntheticRecord({ directory, commands: RECORDS / TURNS, policy, segmentBytes: 8 << 20 })
  }
  const byDigest = new Map(policies.map((policy) => [policy.digest, policy]))
  const started = process.cpuUsage()
  const found = await recheckRecord(directory, (digest) => byDigest.get(digest) ?? 'no bundle')
  const { user, system } = process.cpuUsage(started)
  t.match(found, { ok: true, decisions: RECORDS, same: RECORDS, different: 0, unchecked: 0 })
  t.comment(`${((user + system) / 1e6).toFixed(1)} s of CPU`)

  // One segment is enough to see that differences are found.
  const [segment = ''] = segmentNames(directory)
  const one = join(directory, segment)
  const [policy] = policies
  if (policy === undefined) throw new Error('no policy')
  let asked = 0
  const decide: Policy['decide'] = (facts, entrypoint) => {
    asked += 1
    const was = policy.decide(facts, entrypoint)
    return asked === 1 ? { ...was, action: was.action === 'deny' ? 'allow' : 'deny' } : was
  }
  const differing = await recheckRecord(one, () => ({ ...policy, decide }))
  t.match(differing, { ok: false, different: 1, unchecked: 0 })
  t.match(differing.listed, [{ file: segment, command: Number, what: /recorded .*now / }])
  const lost = await recheckRecord(one, () => 'no bundle')
  t.match(lost, { ok: false, missingBundles: [policy.digest], different: 0 })
})
