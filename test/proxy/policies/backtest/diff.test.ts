// What a change of the shipped policies lets through, found without any traffic.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { policyDiff } from '../../../../proxy/policies/backtest/diff.js'
import { expectationsOf } from '../../../../proxy/policies/backtest/expected.js'
import { namedPolicy, type NamedPolicy } from '../../../../proxy/policies/backtest/named-policy.js'
import type { FlipGroup } from '../../../../proxy/policies/backtest/report.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { emptyDirectory } from '../../recording/sample-record.js'

const RULES = 'policies/sallyport/policies'

// A busy machine may be slow to start a server.
t.setTimeout(240_000)

t.test('a change of the shipped policies', async (t) => {
  const work = emptyDirectory(t)
  const opa = await opaPath()
  const options = { opa: () => Promise.resolve(opa), cwd: work, fuel: 5_000_000 }
  const before = await namedPolicy(LIBRARY, options)

  async function changed(name: string, edit: (folder: string) => void): Promise<NamedPolicy> {
    const folder = join(work, name)
    cpSync(LIBRARY, folder, { recursive: true })
    edit(folder)
    return namedPolicy(name, options)
  }

  async function groupsOf(after: NamedPolicy, delta?: string): Promise<readonly FlipGroup[]> {
    const { comparison } = await policyDiff({
      before,
      after,
      expectations: delta === undefined ? [] : expectationsOf(delta, 'delta.yaml'),
      cache: join(work, 'cache'),
      progress: () => undefined,
    })
    t.equal(comparison.unchecked, 0)
    return comparison.groups
  }

  t.test('no change, no flip', async (t) => {
    const after = await changed('same', () => undefined)
    t.same(await groupsOf(after), [])
  })

  t.test(
    'an exception for few people in few places is found, with the command that uses it',
    async (t) => {
      const after = await changed('exception', (folder) => {
        const file = join(folder, RULES, 'destructive.rego')
        const text = readFileSync(file, 'utf8')
        const drop = text.indexOf('hold.drop contains')
        const body = text.indexOf('\tfacts.careful\n', drop)
        writeFileSync(
          file,
          `${text.slice(0, body)}\tnot _keeper\n${text.slice(body)}\n` +
            '_keeper if {\n\tfacts.human\n\t"keepers" in input.identity.groups\n' +
            '\tinput.target.labels.env == "archive"\n\tinput.time.hour >= 20\n}\n',
        )
      })
      const [first, ...rest] = await groupsOf(after)
      t.same(rest, [])
      t.match(first, {
        direction: 'wider',
        kind: 'require-approval → mask-fields',
        rule: 'destructive/drop',
      })
      t.match(first?.examples[0], {
        text: /^DROP /,
        person: 'human in keepers',
        circumstances: /env=archive, \w+ \d+ o'clock/,
        verified: true,
      })
    },
  )

  t.test('a column that loses its label is found by the commands that would show it', async (t) => {
    const after = await changed('labels', (folder) => {
      const file = join(folder, 'data/labels/data.yaml')
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replace('  - column: email\n    labels: [pii, pii.email]\n', ''))
    })
    const groups = await groupsOf(after)
    t.ok(groups.every((group) => group.direction === 'wider'))
    const texts = groups.flatMap((group) => group.examples.map(({ text }) => text))
    for (const text of [
      'SELECT email FROM public.orders',
      "SELECT id FROM public.orders WHERE email = 'x'",
      'COPY public.orders (email) TO STDOUT',
    ]) {
      t.ok(texts.includes(text), text)
    }
    t.ok(groups.every((group) => group.examples.every(({ verified }) => verified)))
  })

  t.test('what is expected is told from what is not', async (t) => {
    const after = await changed('limits', (folder) => {
      mkdirSync(join(folder, RULES), { recursive: true })
      writeFileSync(
        join(folder, RULES, 'local.rego'),
        `package sallyport.policies

# METADATA
# title: Nobody truncates
# custom:
#   id: local/truncate
#   severity: high
deny.truncate contains {"id": "local/truncate", "message": "never", "hint": "DELETE"} if {
	some effect in input.command.effects
	effect.op == "truncate"
}
`,
      )
    })
    const groups = await groupsOf(
      after,
      'flips:\n  - why: nobody truncates any more\n    rule: [local/truncate]\n    direction: stricter\n',
    )
    t.ok(groups.length > 0)
    t.ok(groups.every(({ expected, why }) => expected === 'delta.yaml:2' && why !== undefined))
  })
})
