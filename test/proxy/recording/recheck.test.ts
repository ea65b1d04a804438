// A recorded decision can be executed again, and one that would now be another is named.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { keepBundle, keptBundle } from '../../../proxy/recording/kept-bundles.js'
import { recheckRecord } from '../../../proxy/recording/recheck.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import {
  ALLOW,
  BASE,
  BUNDLE,
  COMMAND,
  commandRecord,
  emptyDirectory,
  recorded,
} from './sample-record.js'

function policy(decide: Policy['decide']): Policy {
  return {
    id: 1,
    revision: 'r',
    digest: BUNDLE,
    wasmDigest: 'w',
    labels: [],
    reads: undefined,
    decide,
    mayApprove: () => ({ allow: false, reason: '' }),
  }
}

t.test('facts come together again exactly, overrides included', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, segmentBytes: 4000 })
  for (let n = 1; n <= 20; n += 1) {
    const overrides = {
      'command.digest': `sha256:${n}`,
      'session.transaction': 'open',
      'session.counters.rows': n,
      grants: [{ id: 'g', scope: 'session', approvers: ['bob'] }],
    }
    await recorded(
      recorder,
      commandRecord(n, { facts: { base: BASE, command: COMMAND, overrides } }),
    )
  }
  await recorder.close()
  const seen: Facts[] = []
  const found = await recheckRecord(directory, () =>
    policy((facts) => {
      seen.push(facts)
      return ALLOW
    }),
  )
  t.match(found, { ok: true, decisions: 20, same: 20, different: 0, unchecked: 0 })
  t.same(seen[4], {
    ...BASE,
    session: {
      ...BASE.session,
      transaction: 'open',
      counters: { ...BASE.session.counters, rows: 5 },
    },
    grants: [{ id: 'g', scope: 'session', approvers: ['bob'] }],
    command: { ...COMMAND, digest: 'sha256:5' },
  })
})

t.test('a decision that differs is named with its line', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  for (let n = 1; n <= 3; n += 1) await recorded(recorder, commandRecord(n))
  await recorder.close()
  const found = await recheckRecord(directory, () =>
    policy((facts) => ({
      ...ALLOW,
      action: facts.command?.digest === 'sha256:2' ? 'deny' : 'allow',
    })),
  )
  t.match(found, { ok: false, same: 2, different: 1 })
  t.match(found.listed, [{ session: 's1', command: 2, facts: /^sha256:/, what: /"allow".*"deny"/ }])
})

t.test('a decision whose bundle is not at hand is not called the same', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await recorded(recorder, commandRecord(1))
  await recorder.close()
  const found = await recheckRecord(directory, () => 'it is gone')
  t.match(found, {
    ok: false,
    unchecked: 1,
    missingBundles: [BUNDLE],
    listed: [{ command: 1, what: 'it is gone' }],
  })
})

t.test('a bundle kept at activation is found again, whole', async (t) => {
  const directory = emptyDirectory(t)
  keepBundle(directory, BUNDLE, Buffer.from('bytes'))
  keepBundle(directory, BUNDLE, Buffer.from('others'))
  t.equal(keptBundle(directory, BUNDLE)?.toString(), 'bytes')
  t.equal(keptBundle(directory, `sha256:${'c'.repeat(64)}`), undefined)
  t.equal(keptBundle(directory, 'sha256:../../x'), undefined)
  t.throws(() => keepBundle(directory, '../x', Buffer.from('')), { code: 'bundle_invalid' })
  rmSync(join(directory, 'bundles'), { recursive: true })
})
