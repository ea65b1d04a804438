// Findings as people, code hosts and runners read them.
import t from 'tap'
import { findingsText, seenFrom, sorted, type Finding } from '../../../proxy/policies/findings.js'

const ONE: Finding = {
  rule: 'unknown-word',
  severity: 'error',
  file: 'policies/ledger.rego',
  line: 12,
  column: 5,
  message: 'command.effects[].op is never "udpate"',
  fix: 'did you mean “update”?',
}
const OTHER: Finding = { ...ONE, rule: 'ungrouped', severity: 'warning', line: 3 }

t.test('people see the place, what is wrong and how to write it', async (t) => {
  const text = findingsText([ONE, OTHER], 'pretty')
  t.match(text, 'policies/ledger.rego:12:5  error  unknown-word')
  t.match(text, '  command.effects[].op is never "udpate"\n  → did you mean “update”?')
  t.match(text, '1 error, 1 warning')
  t.notMatch(text, '\u001b')
})

t.test('colours are those of whoever prints', async (t) => {
  const text = findingsText([ONE], 'pretty', { paint: (colour, word) => `<${colour}>${word}</>` })
  t.match(text, '<red>error</>')
})

t.test('where nothing is found it says so', async (t) => {
  t.match(findingsText([], 'pretty'), 'nothing found')
  t.equal(findingsText([], 'json'), '[]\n')
  t.equal(findingsText([], 'github'), '')
})

t.test('JSON holds the findings as they are', async (t) => {
  t.same(JSON.parse(findingsText([ONE, OTHER], 'json')), [ONE, OTHER])
})

t.test('SARIF has what its schema requires', async (t) => {
  const rules = { 'unknown-word': 'a word that is never there', metadata: 'a title is missing' }
  const text = findingsText([ONE, { ...OTHER, file: 'a folder/x#y.rego' }], 'sarif', { rules })
  const log = JSON.parse(text) as {
    readonly $schema: string
    readonly version: string
    readonly runs: readonly {
      readonly tool: {
        readonly driver: {
          readonly name: string
          readonly rules: readonly { readonly id: string }[]
        }
      }
      readonly results: readonly {
        readonly ruleId: string
        readonly ruleIndex: number
        readonly level: string
        readonly message: { readonly text: string }
        readonly locations: readonly unknown[]
      }[]
    }[]
  }
  t.match(log.$schema, /^https:.*sarif.*2\.1\.0/)
  t.equal(log.version, '2.1.0')
  const [run] = log.runs
  if (run === undefined) throw new Error('SARIF has no run')
  const ids = run.tool.driver.rules.map(({ id }) => id)
  t.same(ids, ['metadata', 'ungrouped', 'unknown-word'])
  t.ok(run.tool.driver.name.length > 0)
  for (const result of run.results) {
    t.equal(ids[result.ruleIndex], result.ruleId)
    t.ok(result.message.text.length > 0)
  }
  t.same(
    run.results.map(({ level }) => level),
    ['error', 'warning'],
  )
  t.same(run.results[0]?.locations, [
    {
      physicalLocation: {
        artifactLocation: { uri: 'policies/ledger.rego' },
        region: { startLine: 12, startColumn: 5 },
      },
    },
  ])
  t.match(JSON.stringify(run.results[1]), 'a%20folder/x%23y.rego')
})

t.test('a runner of GitHub sees one command a finding, whatever is in it', async (t) => {
  const nasty = { ...ONE, file: 'a,b:c.rego', message: '100%\r\nsure, “no”: yes' }
  t.equal(
    findingsText([nasty], 'github'),
    '::error file=a%2Cb%3Ac.rego,line=12,col=5,title=unknown-word::100%25%0D%0Asure, “no”: yes%0Adid you mean “update”?\n',
  )
  t.match(findingsText([OTHER], 'github'), /^::warning /)
})

t.test('findings are in the order of their places', async (t) => {
  const later = { ...ONE, file: 'z.rego', line: 1 }
  t.same(sorted([later, ONE, OTHER]), [OTHER, ONE, later])
})

t.test('files are named as seen from where the command was called', async (t) => {
  t.equal(seenFrom('/home/ada', '/home/ada/rules', [ONE])[0]?.file, 'rules/policies/ledger.rego')
  t.equal(seenFrom('/home/ada/rules', '/home/ada/rules', [ONE])[0]?.file, 'policies/ledger.rego')
})
