// Whatever style a rule is written in, it can be asked about: it held or not as OPA says, and nothing that
// its author may write breaks the question.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { policyModules, type PolicyRule } from '../../../../proxy/policies/explain/policy-rules.js'
import { probeOf, type Hit } from '../../../../proxy/policies/explain/probe.js'
import { folderSources } from '../../../../proxy/policies/explain/sources.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { opaPath } from '../../../rego/library.js'

// Name of the rule, its text, does it hold, and the texts of conditions for want of which it nearly does.
const RULES: readonly (readonly [string, string, boolean, readonly string[]])[] = [
  ['one-line', 'deny contains "a" if input.stage == "command"', true, []],
  [
    'one-line-not',
    'deny contains "a" if input.stage == "session"',
    false,
    ['input.stage == "session"'],
  ],
  ['no-body', 'deny contains "always"', true, []],
  [
    'message-variable',
    `deny contains msg if {
	some effect in input.command.effects
	effect.op == "delete"
	msg := sprintf("%s of %s", [effect.op, effect.object])
}`,
    false,
    ['effect.op == "delete"'],
  ],
  [
    'index-variable',
    `deny contains msg if {
	input.command.effects[i].op == "read"
	input.command.effects[i].kind == "view"
	msg := "views"
}`,
    false,
    ['input.command.effects[i].kind == "view"'],
  ],
  [
    'wildcard',
    `deny contains "w" if {
	input.command.effects[_].op == "read"
	input.identity.groups[_] == "nobody"
}`,
    false,
    ['input.identity.groups[_] == "nobody"'],
  ],
  [
    'declared',
    `deny contains "d" if {
	some i, j
	input.command.effects[i].op == "read"
	input.identity.groups[j] == "agents"
	i < 5
}`,
    true,
    [],
  ],
  [
    'every',
    `deny contains "e" if {
	input.stage == "command"
	every effect in input.command.effects {
		effect.op in {"read", "call"}
		not effect.temporary
	}
	count([one | some one in input.command.effects; one.op == "read"]) > 3
}`,
    false,
    ['count([one | some one in input.command.effects; one.op == "read"]) > 3'],
  ],
  [
    'key-and-value',
    `deny contains {"id": "kv", "at": at} if {
	some at, effect in input.command.effects
	at == 7
	effect.op == "read"
}`,
    false,
    ['at == 7'],
  ],
  [
    'unified',
    `deny contains "u" if {
	{"kind": kind} = object.filter(input.identity, {"kind"})
	kind == "human"
}`,
    false,
    ['kind == "human"'],
  ],
  [
    'with-other-input',
    `deny contains "wi" if {
	_is_command with input.stage as "command"
	not _is_command
}`,
    false,
    ['not _is_command'],
  ],
  ['of-object', 'by_name["x"] := {"id": "o"} if input.stage == "command"', true, []],
  ['complete', 'verdict := "no" if { input.stage == "command"; _is_command }', true, []],
  [
    'imported',
    'deny contains "im" if f.small(input.command.postgres.limited)',
    false,
    ['f.small(input.command.postgres.limited)'],
  ],
  [
    'raw-text',
    'deny contains "r" if regex.match(`^a"b\\s`, input.identity.name)',
    false,
    ['regex.match(`^a"b\\s`, input.identity.name)'],
  ],
]

const HEAD = `package odd.styles

import data.odd.functions as f

_is_command if input.stage == "command"
`

t.test('rules of every style are asked about', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-probe-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const texts = RULES.map(([id, text]) => `# METADATA\n# custom:\n#   id: ${id}\n${text}\n`)
  const unasked = '# METADATA\n# custom:\n#   id: default\ndefault closed := false\n'
  writeFileSync(join(folder, 'styles.rego'), [HEAD, ...texts, unasked].join('\n'))
  writeFileSync(
    join(folder, 'functions.rego'),
    'package odd.functions\n\nsmall(count) if {\n\tcount >= 0\n\tcount < 10\n}\n',
  )
  const sources = await folderSources(await policyFolder(folder), await opaPath())
  const modules = policyModules(sources.files)
  const probe = probeOf(modules, ['read'])
  const input = {
    stage: 'command',
    identity: { kind: 'agent', name: 'agent', groups: ['agents'] },
    command: {
      effects: [{ op: 'read', object: 'public.orders', kind: 'table' }],
      postgres: { limited: -1 },
    },
  }
  const hits = probe.hitsOf(await sources.evaluated(input, probe.query, probe.modules))
  const of = (id: string): readonly Hit[] => hits.filter(({ rule }) => rule.id === id)
  t.equal(modules.flatMap(({ rules }): readonly PolicyRule[] => rules).length, RULES.length)
  for (const [id, , holds, nearly] of RULES) {
    t.test(id, async (t) => {
      const held = of(id).some(({ failed }) => failed === undefined)
      t.equal(held, holds)
      if (held) return
      const missing = of(id).flatMap(({ failed }) => failed?.text ?? [])
      t.same([...new Set(missing)].sort(), [...nearly].sort())
    })
  }

  t.test('a copy that OPA does not take is left out, and no other', async (t) => {
    const [first = ''] = probe.modules
    const lines = first.split('\n')
    const line = lines.findIndex((one) => one.includes('input.stage == "session"')) + 1
    const [less = ''] = probe.without([[0, line]]).modules
    const copies = (text: string): number => text.match(/^sallyport_probe contains/gm)?.length ?? 0
    t.equal(copies(less), copies(first) - 1)
    t.same(probe.without([[0, 1]]).modules.length, 1)
    const again = await sources.evaluated(input, probe.query, probe.without([[0, line]]).modules)
    t.ok(probe.hitsOf(again).length > 5)
  })
})
