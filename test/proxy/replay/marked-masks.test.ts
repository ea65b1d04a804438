// In a film, what wears a mask is marked by the decision, whatever the mask looks like.
import t from 'tap'
import type { Decision, Mask } from '../../../engine/schemas/decision.js'
import type { Facts, Flow } from '../../../engine/schemas/facts.js'
import type { Frame } from '../../../proxy/recordings/film.js'
import { masksMarked } from '../../../proxy/replay/marked-masks.js'
import { ALLOW, BASE, COMMAND } from '../recording/sample-record.js'

const frames: readonly Frame[] = [
  {
    at: 1,
    kind: 'columns',
    command: 1,
    columns: [
      { name: 'id', type: 23 },
      { name: 'born', type: 1082 },
      { name: 'mail', type: 25 },
    ],
  },
  { at: 2, kind: 'rows', command: 1, rows: [['1', '1980-01-01', 'b7c1f0']] },
]

function factsWith(flows: NonNullable<Facts['command']>['flows']): Facts {
  return { ...BASE, command: { ...COMMAND, flows } }
}

const flow = (from: string, output: number, labels: readonly string[] = []): Flow => ({
  from,
  to: 'output',
  output,
  through: [],
  labels: [...labels],
})

const facts = factsWith([
  flow('public.people.id', 0),
  flow('public.people.born', 1, ['pii']),
  flow('public.people.mail', 2, ['contact']),
])
const masks: readonly Mask[] = [
  { match: 'label:pii', method: 'generalise' },
  { match: 'label:contact', method: 'hash' },
]

const marks = (marked: readonly Frame[]): unknown =>
  marked.flatMap((frame) =>
    frame.kind === 'columns' ? frame.columns.map((one) => one.masked) : [],
  )

t.test('columns under a mask say its method', async (t) => {
  const decision: Decision = { ...ALLOW, action: 'mask-fields', masks: [...masks] }
  const marked = masksMarked(frames, facts, decision)
  t.same(marks(marked), [undefined, 'generalise', 'hash'])
  t.equal(marked[1], frames[1], 'values stay as the client saw them')
})

t.test('where nothing is masked, or it is not known, nothing is marked', async (t) => {
  t.equal(masksMarked(frames, facts, ALLOW), frames)
  t.equal(masksMarked(frames, undefined, undefined), frames)
  const decision: Decision = { ...ALLOW, masks: [...masks] }
  t.equal(masksMarked(frames, factsWith([flow('public.people.id', 0)]), decision), frames)
})
