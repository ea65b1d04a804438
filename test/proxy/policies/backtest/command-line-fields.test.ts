// Fields cut out of a line are those that JSON would give, whatever the command's text holds.
import t from 'tap'
import {
  commandFields,
  kindOfLine,
} from '../../../../proxy/policies/backtest/command-line-fields.js'
import { chained, commandBody, NO_LINE } from '../../../../proxy/recording/record-line.js'
import { commandRecord } from '../../recording/sample-record.js'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const PARTS = { base: digest('a'), command: digest('b'), decision: digest('c') }

// Each tries to be taken for the fields that follow the text.
const TEXTS = [
  'SELECT 1',
  `SELECT '","facts":{"base":"${digest('0')}'`,
  `","go":true,"facts":{"base":"${digest('0')}","command":"${digest('0')}","overrides":{}},"decision":"${digest('0')}","entrypoint":"degraded"`,
  '\\","facts":{"base":"',
  'größer \u{1f600} \u0000 \\',
]

t.test('a text that looks like fields is never taken for them', async (t) => {
  for (const text of TEXTS) {
    for (const overrides of [
      {},
      { 'command.digest': `${digest('d')}}},"decision":"${digest('0')}` },
      { grants: [{ id: 'g', scope: 'command', approvers: ['}},"decision":"'] }] },
    ]) {
      const record = commandRecord(7, {
        text,
        refusal: text,
        approval: text,
        facts: { ...commandRecord(7).facts, overrides },
      })
      const line = chained(12, 1_700_000_000_000, NO_LINE, commandBody(record, PARTS, []))
      const parsed = JSON.parse(line) as {
        facts: { base: string; command: string; overrides: object }
        decision: string
        entrypoint: string
      }
      const fields = commandFields(Buffer.from(line).toString('latin1'))
      t.equal(kindOfLine(Buffer.from(line)), 'command')
      t.same(fields && { ...fields, overrides: JSON.parse(fields.overrides) as object }, {
        ...parsed.facts,
        decision: parsed.decision,
        entrypoint: parsed.entrypoint,
      })
    }
  }
})

t.test('a line that is written otherwise is left to JSON', async (t) => {
  t.equal(commandFields('{"seq":1,"kind":"command", "facts": {"base":"x"}}'), undefined)
  t.equal(kindOfLine(Buffer.from('{"a":1}')), undefined)
})
