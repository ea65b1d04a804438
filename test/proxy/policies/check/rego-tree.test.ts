// What OPA prints of a file becomes a tree with the places that its author sees.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { regoFileOf, type RegoFile } from '../../../../proxy/policies/check/rego-tree.js'
import { ran } from '../../../../proxy/policies/opa.js'
import { opaPath } from '../../../rego/library.js'

async function tree(t: Test, text: string): Promise<RegoFile> {
  const work = mkdtempSync(join(tmpdir(), 'sallyport-tree-'))
  t.teardown(() => rmSync(work, { recursive: true, force: true }))
  writeFileSync(join(work, 'a.rego'), text)
  const args = ['parse', '--format', 'json', '--json-include', 'locations', 'a.rego']
  return regoFileOf('a.rego', await ran(await opaPath(), args, { timeoutMs: 20_000, cwd: work }))
}

t.test('rules have their name, form, value and conditions', async (t) => {
  const { rules } = await tree(
    t,
    `package a.b

import data.c.d
import input.e as f

default whole := 1

deny.update contains {"id": "x"} if {
	some at, effect in input.command.effects
	not effect.op == "update"
	every column in effect.columns {
		column != "id"
	}
}

word(x) := y if {
	y := x.z
} else := "none"

open[key] contains 1 if some key in ["k"]
`,
  )
  t.same(
    rules.map(({ path, form, isDefault, open }) => [path.join('.'), form, isDefault, open]),
    [
      ['whole', 'complete', true, false],
      ['deny.update', 'set', false, false],
      ['word', 'function', false, false],
      ['open', 'set', false, true],
    ],
  )
  const [, deny, word] = rules
  t.match(deny?.value, { kind: 'object', at: { line: 8 } })
  t.match(deny?.body, [
    { kind: 'some-in', negated: false, key: { name: 'at' }, value: { name: 'effect' } },
    { kind: 'term', negated: true, at: { line: 10 }, term: { kind: 'call', callee: 'equal' } },
    { kind: 'every', value: { name: 'column' }, body: [{ kind: 'term' }] },
  ])
  t.equal(word?.unconditional, false)
  t.equal(word?.otherwise?.unconditional, true)
})

t.test('imports and annotations are read with the file', async (t) => {
  const file = await tree(
    t,
    `# METADATA
# title: All of it
# schemas:
#   - input: schema.input
package a

import data.c.d
import input.e as f

# METADATA
# title: One
# custom:
#   id: area/one
one if d.x == f
`,
  )
  t.same(file.imports, [
    { path: ['data', 'c', 'd'], name: 'd' },
    { path: ['input', 'e'], name: 'f' },
  ])
  t.match(file.annotations[0], { scope: 'package', title: 'All of it', inputSchema: 'input' })
  const [own] = file.rules[0]?.annotations ?? []
  t.match(own, { title: 'One', custom: { id: 'area/one' }, at: { line: 10 } })
  t.equal(own?.lines[3], '#   id: area/one')
})
