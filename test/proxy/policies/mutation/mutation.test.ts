// Which changes tests notice, on policies small enough that the answer is known beforehand.
import t from 'tap'
import { mutationOf } from '../../../../proxy/policies/mutation/mutation.js'
import { statedCases } from '../../../../proxy/policies/mutation/stated-cases.js'
import type { MutationReport } from '../../../../proxy/policies/mutation/score.js'
import { opaPath } from '../../../rego/library.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { folderWith, SMALL_MAIN, SMALL_RULES, smallFolder } from '../testing/small-policy.js'

type Files = Readonly<Record<string, string>>
type Options = Partial<Parameters<typeof mutationOf>[0]>

async function reportOf(
  test: Parameters<typeof smallFolder>[0],
  files: Files,
  options: Options = {},
): Promise<MutationReport> {
  return mutationOf({
    opa: await opaPath(),
    folder: await smallFolder(test, files),
    extraData: [],
    cases: [],
    only: /^small\/|^data\./,
    sample: undefined,
    threshold: 80,
    progress: () => undefined,
    now: () => 0,
    ...options,
  })
}

const TESTS = `package small_test

import data.sallyport.main

_action(object, kind) := action if {
	effect := {"op": "read", "object": object, "kind": kind}
	facts := {"stage": "command", "session": {"purpose": ""}, "command": {"effects": [effect]}}
	action := main.decision.action with input as facts
}

test_tables_are_read if _action("public.orders", "table") == "allow"
`

const ALL = `${TESTS}
test_nothing_else_is_read if _action("public.orders", "view") == "deny"

test_secrets_are_not if _action("secrets.keys", "table") == "deny"
`

function survivors({ tried }: MutationReport): readonly string[] {
  return tried.flatMap(({ verdict, mutant }) =>
    verdict === 'survived' ? [`${mutant.rule} ${mutant.change}`] : [],
  )
}

t.test('what no test asks about survives, and is noticed once one does', async (t) => {
  const few = await reportOf(t, { 'tests/small_test.rego': TESTS })
  t.ok(survivors(few).includes('small/secrets remove'))
  t.ok(survivors(few).includes('small/reading drop'))
  t.notOk(survivors(few).includes('small/reading remove'))
  t.ok(few.total.percent < 80)
  const all = await reportOf(t, { 'tests/small_test.rego': ALL })
  // The operation is already that of the rule's name.
  t.same(survivors(all), ['small/reading drop'])
  t.match(
    all.tried.find(({ mutant }) => mutant.rule === 'small/secrets' && mutant.change === 'remove'),
    { verdict: 'noticed', by: ['data.small_test.test_secrets_are_not'] },
  )
})

t.test('a comment with a reason makes equivalent what it stands behind', async (t) => {
  const rules = (comment: string): string => `package sallyport.policies

# METADATA
# title: Everybody reads
# custom:
#   id: small/reading
#   severity: low
allow.read contains at if {
	some at, effect in input.command.effects
	effect.op == "read" ${comment}
}
`
  const report = async (comment: string): Promise<MutationReport> =>
    reportOf(t, {
      'policies/sallyport/policies/rules.rego': rules(comment),
      'tests/small_test.rego': TESTS,
    })
  t.same(survivors(await report('')), ['small/reading drop'])
  t.same(survivors(await report('# mutate: equivalent')), ['small/reading drop'])
  t.same(survivors(await report('# mutate: equivalent (swap), because …')), ['small/reading drop'])
  const said = await report('# mutate: equivalent (drop), because the name says it')
  t.same(survivors(said), [])
  t.match(
    said.tried.find(({ verdict }) => verdict === 'equivalent'),
    { because: 'the name says it' },
  )
})

t.test('what would not compile is not counted', async (t) => {
  const rules = `package sallyport.policies

# METADATA
# title: Everybody reads
# custom:
#   id: small/reading
#   severity: low
allow.read contains at if {
	some at, effect in input.command.effects
	wanted := "read"
	effect.op == wanted
}
`
  const { tried, total } = await reportOf(t, {
    'policies/sallyport/policies/rules.rego': rules,
    'tests/small_test.rego': TESTS,
  })
  const stillborn = tried.filter(({ verdict }) => verdict === 'stillborn')
  // `wanted` would be given and never used.
  t.same(
    stillborn.map(({ mutant }) => mutant.diff.before.map((line) => line.trim())),
    [['effect.op == wanted']],
  )
  t.equal(total.noticed + total.survived, tried.length - 1)
})

t.test('command tests notice as well, though OPA decides them', async (t) => {
  const facts = (object: string): object => ({
    stage: 'command',
    session: { purpose: '' },
    command: { effects: [{ op: 'read', object, kind: 'table' }] },
  })
  const asked = (object: string, action: string, rules: readonly string[]): object => ({
    facts: facts(object),
    entrypoint: 'decision',
    decision: { action, rules: rules.map((id) => ({ id })), masks: [], limits: {} },
  })
  const cases = statedCases(
    {
      problems: [],
      cases: [
        { one: { name: 'secrets', rules: ['small/secrets'] }, file: 'tests/a.commands.yaml' },
        { one: { name: 'tables', action: 'allow' }, file: 'tests/a.commands.yaml' },
      ],
    } as unknown as Parameters<typeof statedCases>[0],
    {
      outcomes: [],
      asked: [
        { outcome: 0, ...asked('secrets.keys', 'deny', ['small/secrets']) },
        { outcome: 1, ...asked('public.orders', 'allow', []) },
      ],
    } as unknown as Parameters<typeof statedCases>[1],
  )
  const report = await reportOf(t, {}, { cases })
  const removed = report.tried.filter(({ mutant }) => mutant.change === 'remove')
  t.ok(removed.length >= 2)
  for (const one of removed) {
    t.match(one, {
      verdict: 'noticed',
      by: ['data.sallyport_stated.cases_test.test_command_tests'],
    })
  }
})

t.test('the same seed chooses the same sample, and another one another', async (t) => {
  const chosen = async (seed: number): Promise<readonly number[]> => {
    const files = { 'tests/small_test.rego': ALL }
    const report = await reportOf(t, files, { sample: { size: 4, seed } })
    t.equal(report.tried.length, 4)
    t.ok(report.mutants > 4)
    return report.tried.map(({ mutant }) => mutant.from)
  }
  const one = await chosen(1)
  t.same(await chosen(1), one)
  t.notSame(await chosen(2), one)
})

t.test('tests that fail as it is are told before anything is changed', async (t) => {
  const files = { 'tests/small_test.rego': `${TESTS}\ntest_wrong if false\n` }
  await t.rejects(reportOf(t, files), {
    code: 'bundle_invalid',
    message: /fail before anything is changed: data\.small_test\.test_wrong/,
  })
})

t.test('a folder without settings has its tests beside, which are not changed', async (t) => {
  const root = folderWith(t, {
    'sallyport/main.rego': SMALL_MAIN,
    'sallyport/rules.rego': SMALL_RULES,
    'tests/small_test.rego': ALL,
    'tests/lab.rego': 'package lab\n\nx if input.y == 3\n',
  })
  const { tried } = await reportOf(t, {}, { folder: await policyFolder(root), only: undefined })
  const files = new Set(tried.map(({ mutant }) => mutant.file))
  t.same([...files].sort(), ['sallyport/main.rego', 'sallyport/rules.rego'])
})
