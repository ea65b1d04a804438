// What is shown under other masks: as the gateway would have masked it, or hidden whole; never the value.
import t from 'tap'
import type { Decision, Mask } from '../../../engine/schemas/decision.js'
import type { Facts, Flow } from '../../../engine/schemas/facts.js'
import type { Frame } from '../../../proxy/replay/film.js'
import { framesUnder, HIDDEN } from '../../../proxy/replay/masked-frames.js'
import { ALLOW, BASE, COMMAND } from '../recording/sample-record.js'

const TEXT = 25
const INT4 = 23
const SSN = '123-45-6789'

const FLOW: Flow = {
  from: 'public.customers.ssn',
  labels: ['pii'],
  to: 'output',
  output: 1,
  through: [],
}

const FRAMES: readonly Frame[] = [
  { at: 1, kind: 'command', command: 1, text: 'SELECT name, ssn FROM customers' },
  {
    at: 2,
    kind: 'columns',
    command: 1,
    columns: [
      { name: 'name', type: TEXT },
      { name: 'ssn', type: TEXT },
    ],
  },
  {
    at: 3,
    kind: 'rows',
    command: 1,
    rows: [
      ['Ann', SSN],
      ['Bo', null],
    ],
  },
  { at: 4, kind: 'done', command: 1, tag: 'SELECT 2' },
]

function masked(...masks: Mask[]): Decision {
  return { ...ALLOW, action: 'mask-fields', masks }
}

function factsWith(...flows: Flow[]): Facts {
  return { ...BASE, command: { ...COMMAND, flows } }
}

function rowsUnder(
  under: Decision,
  {
    recorded = ALLOW,
    facts = factsWith(FLOW),
    frames = FRAMES,
    parting = 'masked',
  }: {
    readonly recorded?: Decision
    readonly facts?: Facts
    readonly frames?: readonly Frame[]
    readonly parting?: 'masked' | 'unmasked'
  } = {},
) {
  const out = framesUnder(frames, facts, recorded, { parting, decision: under })
  const rows = out.flatMap((frame) => (frame.kind === 'rows' ? frame.rows : []))
  const why = out.flatMap((frame) => (frame.kind === 'cut' ? [frame.why] : [])).join()
  return { rows, why }
}

t.test('clear values are masked by every method that needs no key', async (t) => {
  const of = (mask: Omit<Mask, 'match'>) => rowsUnder(masked({ match: 'label:pii', ...mask })).rows
  t.same(of({ method: 'redact' }), [
    ['Ann', '****'],
    ['Bo', null],
  ])
  t.same(of({ method: 'null' }), [
    ['Ann', null],
    ['Bo', null],
  ])
  t.same(of({ method: 'constant', value: 'gone' }), [
    ['Ann', 'gone'],
    ['Bo', null],
  ])
  t.match(of({ method: 'partial', keep: 4 })[0]?.[1], /^\*+6789$/)
})

t.test('what needs the gateway’s key is hidden whole, and it is said why', async (t) => {
  for (const method of ['hash', 'token'] as const) {
    const { rows, why } = rowsUnder(masked({ match: 'label:pii', method }))
    t.same(rows, [
      ['Ann', HIDDEN],
      ['Bo', null],
    ])
    t.match(why, /made with the gateway’s key/)
  }
})

t.test('a computed value is hidden whole', async (t) => {
  const facts = factsWith({ ...FLOW, through: ['function:upper'] })
  const { rows, why } = rowsUnder(masked({ match: 'label:pii', method: 'redact' }), { facts })
  t.same(rows, [
    ['Ann', HIDDEN],
    ['Bo', null],
  ])
  t.match(why, /computed/)
})

t.test('a column made of two is hidden whole', async (t) => {
  const facts = factsWith(FLOW, { ...FLOW, from: 'public.customers.name' })
  t.match(rowsUnder(masked({ match: 'label:pii', method: 'redact' }), { facts }).rows[0], [
    'Ann',
    HIDDEN,
  ])
})

t.test('where masked values decide which rows come, no value is shown', async (t) => {
  for (const to of ['predicate', 'order', 'join', 'group', 'aggregate'] as const) {
    const facts = factsWith(FLOW, { ...FLOW, to })
    const { rows, why } = rowsUnder(masked({ match: 'label:pii', method: 'redact' }), { facts })
    t.same(
      rows,
      [
        [HIDDEN, HIDDEN],
        [HIDDEN, null],
      ],
      to,
    )
    t.match(why, /decides which rows come/)
  }
})

t.test('what was masked when it was recorded does not become clear', async (t) => {
  const recorded = masked({ match: 'label:pii', method: 'redact' })
  const frames = FRAMES.map((frame): Frame =>
    frame.kind === 'rows' ? { ...frame, rows: [['Ann', '****']] } : frame,
  )
  const clear = rowsUnder(ALLOW, { recorded, frames, parting: 'unmasked' })
  t.same(clear.rows, [['Ann', HIDDEN]])
  t.match(clear.why, /it was masked when it was recorded/)
  const partial = masked({ match: 'label:pii', method: 'partial', keep: 2 })
  t.same(rowsUnder(partial, { recorded, frames }).rows, [['Ann', HIDDEN]])
})

t.test('types that hold no words become NULL, unknown types are hidden', async (t) => {
  const typed = (type: number) =>
    FRAMES.map((frame): Frame =>
      frame.kind === 'columns'
        ? {
            ...frame,
            columns: [
              { name: 'name', type: TEXT },
              { name: 'n', type },
            ],
          }
        : frame,
    )
  const mask = masked({ match: 'label:pii', method: 'redact' })
  t.same(rowsUnder(mask, { frames: typed(INT4) }).rows[0], ['Ann', null])
  t.same(rowsUnder(mask, { frames: typed(0) }).rows[0], ['Ann', HIDDEN])
  t.same(rowsUnder(mask, { frames: typed(99_999) }).rows[0], ['Ann', HIDDEN])
})

t.test('patterns are found in every text', async (t) => {
  const { rows } = rowsUnder(masked({ match: 'pattern:ssn', method: 'redact' }), {
    facts: factsWith(),
  })
  t.same(rows[0], ['Ann', '*'.repeat(SSN.length)])
})

t.test('rows whose columns nobody described are hidden whole', async (t) => {
  const frames = FRAMES.filter(({ kind }) => kind !== 'columns')
  t.same(rowsUnder(masked({ match: 'label:pii', method: 'redact' }), { frames }).rows[0], [
    HIDDEN,
    HIDDEN,
  ])
})

t.test('what would not have run shows nothing of what came back', async (t) => {
  for (const parting of ['denied', 'held', 'refused', 'ran', 'limited', 'unknown'] as const) {
    const out = framesUnder(FRAMES, factsWith(FLOW), ALLOW, { parting })
    t.same(
      out.map(({ kind }) => kind),
      ['command', 'cut'],
      parting,
    )
    t.notMatch(JSON.stringify(out), SSN)
  }
})

t.test('errors and notices may quote values, and say nothing under more masks', async (t) => {
  const frames: Frame[] = [
    { at: 1, kind: 'notice', command: 1, severity: 'NOTICE', message: `saw ${SSN}` },
    {
      at: 2,
      kind: 'error',
      command: 1,
      sqlstate: '23505',
      message: 'duplicate',
      detail: `(${SSN})`,
    },
  ]
  const out = framesUnder(frames, factsWith(FLOW), ALLOW, {
    parting: 'masked',
    decision: masked({ match: 'label:pii', method: 'redact' }),
  })
  t.notMatch(JSON.stringify(out), SSN)
})
