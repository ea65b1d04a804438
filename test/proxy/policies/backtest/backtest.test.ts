// A record, written by the real recorder and decided by the shipped policies, decided again under others.
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Policy } from '../../../../engine/policy/policy.js'
import { backtest } from '../../../../proxy/policies/backtest/backtest.js'
import { expectationsOf } from '../../../../proxy/policies/backtest/expected.js'
import { exportedLines } from '../../../../proxy/recording/export-record.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { libraryPolicy } from '../../../rego/library.js'
import {
  BASE,
  COMMAND,
  commandRecord,
  emptyDirectory,
  recorded,
} from '../../recording/sample-record.js'
import { syntheticRecord } from './synthetic-record.js'

const EVERYTHING = { fromMs: -Infinity, toMs: Infinity, session: undefined }

t.test('a backtest of the shipped policies', async (t) => {
  const policy = await libraryPolicy()
  const directory = emptyDirectory(t)
  await syntheticRecord({ directory, commands: 3_000, policy, segmentBytes: 400_000 })

  // As if DELETE of a range no longer waited, and UPDATE by programs were denied.
  const changed: Policy = {
    ...policy,
    decide: (facts, entrypoint) => {
      const ops = facts.command?.effects.map((effect) => effect.op) ?? []
      const was = policy.decide(facts, entrypoint)
      if (ops.includes('delete') && was.action === 'require-approval') {
        return { action: 'allow', rules: [], masks: [], limits: {} }
      }
      if (ops.includes('update') && facts.identity.kind === 'agent') {
        const rules = [{ id: 'local/no-updates', message: 'agents change nothing' }]
        return { action: 'deny', rules, masks: [], limits: {} }
      }
      return was
    },
  }

  t.test('the policy that decided decides the same, asked once for each situation', async (t) => {
    const { comparison } = await backtest({ records: directory, policy })
    t.match(comparison, { compared: 3_000, same: 3_000, flips: 0, unchecked: 0, groups: [] })
    t.ok(comparison.evaluated < 2_000, `${comparison.evaluated} evaluations`)
  })

  t.test(
    'flips are grouped by kind and rule, wider first, with commands as recorded',
    async (t) => {
      const { comparison } = await backtest({ records: directory, policy: changed })
      const kinds = comparison.groups.map(({ direction, kind, rule }) => [direction, kind, rule])
      t.same(kinds[0], ['wider', 'require-approval → allow', 'destructive/wide-delete'])
      t.same(kinds.at(-1), ['stricter', 'mask-fields → deny', 'local/no-updates'])
      const [first] = comparison.groups
      t.match(first?.examples[0], {
        text: /^DELETE FROM public\.t\d+ WHERE id < \d+$/,
        before: { action: 'require-approval', rules: ['destructive/wide-delete'] },
        after: { action: 'allow' },
      })
      t.equal(
        comparison.groups.reduce((sum, group) => sum + group.count, 0),
        comparison.flips,
      )
      t.equal(comparison.flips + comparison.same + comparison.otherRules, comparison.compared)
    },
  )

  t.test('the count of flips is that of deciding every record on its own', async (t) => {
    const { comparison } = await backtest({ records: directory, policy: changed })
    let flips = 0
    for await (const line of exportedLines(directory, EVERYTHING)) {
      if (!('decision' in line)) continue
      const { facts, decision } = line as unknown as {
        facts: Parameters<Policy['decide']>[0]
        decision: ReturnType<Policy['decide']>
      }
      if (changed.decide(facts, 'decision').action !== decision.action) flips += 1
    }
    t.equal(comparison.flips, flips)
  })

  t.test('an export gives the same as the record that it was made of', async (t) => {
    const file = join(emptyDirectory(t), 'export.jsonl')
    writeFileSync(file, '')
    for await (const line of exportedLines(directory, EVERYTHING)) {
      appendFileSync(file, `${JSON.stringify(line)}\n`)
    }
    const one = await backtest({ records: directory, policy: changed })
    const other = await backtest({ records: file, policy: changed })
    const flat = ({ comparison }: typeof one) => ({ ...comparison, evaluated: 0 })
    t.same(flat(other), flat(one))
  })

  t.test('two policies are held against each other on the recorded facts', async (t) => {
    const strict: Policy = {
      ...policy,
      decide: () => ({
        action: 'deny',
        rules: [{ id: 'a/a', message: '' }],
        masks: [],
        limits: {},
      }),
    }
    const same = await backtest({ records: directory, policy: strict, against: strict })
    t.equal(same.comparison.flips, 0)
    const { comparison } = await backtest({ records: directory, policy, against: strict })
    t.ok(comparison.flips > 0)
    t.ok(comparison.groups.every((group) => group.from === 'deny' && group.direction === 'wider'))
  })

  t.test('flips that are expected are told from those that are not', async (t) => {
    const expectations = expectationsOf(
      `flips:
  - why: deletes on shop need no second pair of eyes
    from: [require-approval]
    to: [allow]
    target: [shop]
    object: ['public.t1*', 'public.t2']
  - why: nothing of this kind comes
    rule: [local/never]
`,
      'delta.yaml',
    )
    const found = await backtest({ records: directory, policy: changed, expectations })
    const groups = found.comparison.groups.filter((one) => one.rule === 'destructive/wide-delete')
    const objects = (expected: boolean) =>
      groups
        .filter((one) => (one.expected !== undefined) === expected)
        .flatMap((one) => one.objects.top.map(({ name }) => name))
    t.ok(objects(true).every((name) => /^public\.t(1.*|2)$/.test(name)))
    t.notOk(objects(false).some((name) => name === 'public.t2'))
    const [met, unmet] = found.expectations
    t.match([met?.place, unmet?.place, unmet?.found], ['delta.yaml:2', 'delta.yaml:7', 0])
    t.ok((met?.found ?? 0) > 0)
  })

  t.test('progress ends at the end, and nothing is read twice', async (t) => {
    const big = emptyDirectory(t)
    await syntheticRecord({ directory: big, commands: 6_000, policy })
    const seen: number[] = []
    await backtest({
      records: big,
      policy,
      progress: ({ bytes, of }) => void seen.push(bytes / of),
    })
    t.ok(seen.length > 0 && seen.every((part) => part > 0 && part <= 1))
  })
})

const ALWAYS: Policy = {
  id: 1,
  revision: '',
  digest: '',
  wasmDigest: '',
  labels: [],
  reads: ['command.digest', 'grants', 'session.transaction'],
  decide: () => ({ action: 'allow', rules: [], masks: [], limits: {} }),
  mayApprove: () => ({ allow: false, reason: '' }),
}

t.test('what differs for one command alone is decided on, not what was met before', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  for (let n = 1; n <= 4; n += 1) {
    const overrides = {
      'command.digest': 'sha256:same',
      'session.transaction': n % 2 === 0 ? 'open' : 'idle',
    }
    await recorded(
      recorder,
      commandRecord(n, { facts: { base: BASE, command: COMMAND, overrides } }),
    )
  }
  await recorder.close()
  const picky: Policy = {
    ...ALWAYS,
    decide: (facts) => ({
      action: facts.session.transaction === 'open' ? 'deny' : 'allow',
      rules: [],
      masks: [],
      limits: {},
    }),
  }
  const { comparison } = await backtest({ records: directory, policy: picky })
  t.match(comparison, { same: 2, flips: 2, evaluated: 2 })
})

t.test('columns that the new policy labels otherwise are counted and named', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  const effect = {
    op: 'read',
    object: 'public.people',
    kind: 'table',
    columns: ['id', 'phone'],
  } as const
  const command = { ...COMMAND, effects: [{ ...effect, columns: [...effect.columns], labels: [] }] }
  await recorded(recorder, commandRecord(1, { facts: { base: BASE, command, overrides: {} } }))
  await recorder.close()
  const labels = [{ column: 'pho*', labels: ['pii'] }]
  const { comparison } = await backtest({ records: directory, policy: { ...ALWAYS, labels } })
  t.match(comparison.relabelled, {
    commands: 1,
    columns: { top: [{ name: 'public.people.phone', count: 1 }] },
  })
})

t.test(
  'a policy that fails on a record decides nothing: the record counts as unchecked',
  async (t) => {
    const directory = emptyDirectory(t)
    const recorder = await createRecorder({ directory })
    await recorded(recorder, commandRecord(1))
    await recorder.close()
    const broken: Policy = {
      ...ALWAYS,
      decide: () => ({
        action: 'deny',
        rules: [{ id: 'sallyport/over-budget', message: 'the policy took too long to decide' }],
        masks: [],
        limits: {},
      }),
    }
    const { comparison } = await backtest({ records: directory, policy: broken })
    t.match(comparison, {
      unchecked: 1,
      flips: 0,
      uncheckedWhy: [{ name: 'the policy took too long to decide' }],
    })
  },
)

t.test('a record that lacks a part, or is none, is not taken for a good one', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await recorded(recorder, commandRecord(1))
  await recorder.close()
  const [segment = ''] = readdirSync(directory).filter((name) => name.endsWith('.jsonl'))
  const { readFileSync } = await import('node:fs')
  const lines = readFileSync(join(directory, segment), 'utf8').split('\n')
  const gap = emptyDirectory(t)
  const without = lines.filter((line) => !line.includes('"kind":"part"'))
  writeFileSync(join(gap, segment), without.join('\n'))
  const { comparison } = await backtest({ records: gap, policy: ALWAYS })
  t.match(comparison, { compared: 1, unchecked: 1 })
  writeFileSync(join(gap, segment), `${lines[0]}\nnonsense\n`)
  await t.rejects(backtest({ records: gap, policy: ALWAYS }), { code: 'record_damaged' })
  await t.rejects(backtest({ records: join(gap, 'none'), policy: ALWAYS }), { code: 'not_found' })
})
