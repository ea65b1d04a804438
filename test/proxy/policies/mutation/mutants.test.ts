// Each kind of change, as the lines that it changes: what is printed is what was tried.
import t from 'tap'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mutated, type Change } from '../../../../proxy/policies/mutation/mutant.js'
import { regoMutants } from '../../../../proxy/policies/mutation/mutants.js'
import { sourceOf, type Source } from '../../../../proxy/policies/mutation/syntax.js'
import { opaPath } from '../../../rego/library.js'

const work = mkdtempSync(join(tmpdir(), 'sallyport-mutants-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))

async function read(body: string): Promise<Source> {
  const text = `package x\n\n${body}\n`
  writeFileSync(join(work, 'x.rego'), text)
  const args = ['parse', '--format', 'json', '--json-include', 'locations', 'x.rego']
  const printed = execFileSync(await opaPath(), args, { cwd: work, encoding: 'utf8' })
  return sourceOf('x.rego', text, printed)
}

// Each as `- before | + after`, of these kinds of change.
async function changesOf(body: string, ...kinds: readonly Change[]): Promise<readonly string[]> {
  return regoMutants([await read(body)])
    .filter(({ change }) => kinds.includes(change))
    .map(({ diff }) => {
      const one = (sign: string, lines: readonly string[]): string =>
        lines.map((line) => `${sign} ${line.trim()}`).join(' ')
      return [one('-', diff.before), one('+', diff.after)].filter((text) => text !== '').join(' | ')
    })
}

const RULE = `deny.update contains {"id": "a/b", "message": effect.object} if {
	input.stage == "command"
	some effect in input.command.effects
	not effect.temporary # as long as it lasts
	count(effect.columns) > 2
}`

t.test('a condition is left out with its line, but not one that gives a used name', async (t) => {
  t.same(await changesOf(RULE, 'drop'), [
    '- input.stage == "command"',
    '- not effect.temporary # as long as it lasts',
    '- count(effect.columns) > 2',
  ])
  t.same(await changesOf('a if input.b', 'drop'), ['- a if input.b | + a if true'])
})

t.test('a condition becomes its opposite, a comparison another one', async (t) => {
  t.same(await changesOf(RULE, 'negate', 'compare'), [
    '- input.stage == "command" | + input.stage != "command"',
    '- not effect.temporary # as long as it lasts | + effect.temporary # as long as it lasts',
    '- count(effect.columns) > 2 | + count(effect.columns) >= 2',
    '- count(effect.columns) > 2 | + count(effect.columns) <= 2',
  ])
  t.same(await changesOf('a if input.b in {"x"}', 'negate'), [
    '- a if input.b in {"x"} | + a if not input.b in {"x"}',
  ])
})

t.test('a set and a list that is searched lose each element in turn, others nothing', async (t) => {
  t.same(await changesOf('s := {"a", "b", "c"}', 'shrink'), [
    '- s := {"a", "b", "c"} | + s := {"b", "c"}',
    '- s := {"a", "b", "c"} | + s := {"a", "c"}',
    '- s := {"a", "b", "c"} | + s := {"a", "b"}',
  ])
  t.same(await changesOf('s := {\n\t"a", "b",\n\t"c",\n}', 'shrink'), [
    '- "a", "b", | + "b",',
    '- "a", "b", | + "a",',
    '- "c",',
  ])
  t.same(await changesOf('a if "x" in ["x", input.y]', 'shrink'), [])
  t.same(await changesOf('a if input.x in ["x"]', 'shrink'), [
    '- a if input.x in ["x"] | + a if input.x in []',
  ])
  t.same(await changesOf('a := concat("", ["x", "y"])', 'shrink'), [])
})

t.test('one instead of every keeps what is asked of it', async (t) => {
  const body = 'a if {\n\tevery x in input.xs {\n\t\tx.a\n\t\tx.b == 1\n\t}\n}'
  t.same(await changesOf(body, 'some'), [
    '- every x in input.xs { - x.a - x.b == 1 - } | + some x in input.xs; x.a; x.b == 1',
  ])
})

t.test('words are changed for others of the same closed field, and for no others', async (t) => {
  const body = `a if {
	input.command.effects[_].op == "drop"
	input.target.name == "shop"
	data.x.kind != "table"
}

d := {"action": "deny", "reason": "deny", "allow": false}`
  t.same(await changesOf(body, 'swap'), [
    '- data.x.kind != "table" | + data.x.kind != "view"',
    '- d := {"action": "deny", "reason": "deny", "allow": false} | + d := {"action": "mask-fields", "reason": "deny", "allow": false}',
    '- d := {"action": "deny", "reason": "deny", "allow": false} | + d := {"action": "deny", "reason": "deny", "allow": true}',
  ])
})

t.test('a rule is taken out; where nothing else has its name it never holds', async (t) => {
  t.same(await changesOf('d.any contains "x" if input.a\n\nd.read contains "x"', 'remove'), [
    '- d.any contains "x" if input.a',
    '- d.read contains "x"',
  ])
  t.same(await changesOf('d.any contains "x" if input.a', 'remove'), [
    '- d.any contains "x" if input.a | + d.any contains "x" if false',
  ])
  t.same(await changesOf('_h if input.a\n\n_h if input.b', 'remove'), [
    '- _h if input.a',
    '- _h if input.b',
  ])
  t.same(await changesOf('_h if {\n\tinput.a\n}', 'remove'), ['- input.a | + false; input.a'])
  t.same(await changesOf('h := 1 if {\n\tinput.a\n} else := 2', 'remove'), [
    '- } else := 2 | + }',
    '- input.a | + false; input.a',
  ])
})

t.test(
  'each mutant is exactly the edit that it shows, and stands under its rule’s id',
  async (t) => {
    const source = await read(
      `# METADATA\n# custom:\n#   id: a/b\n${RULE}\n\n_u if input.x == "ü"\n\n_y if {"ü", "y"} == input.y`,
    )
    const mutants = regoMutants([source])
    for (const one of mutants) {
      const lines = mutated(source.text, one).split('\n')
      for (const line of one.diff.after) t.ok(lines.includes(line), `${one.change} ${line}`)
      t.not(mutated(source.text, one), source.text)
    }
    t.same([...new Set(mutants.map(({ rule }) => rule))], ['a/b', 'x._u', 'x._y'])
    t.equal(mutants.find(({ rule }) => rule === 'x._y')?.line, 15)
  },
)
