// The language of questions: what each part means, and for everything that is not understood the place where it is.
import t from 'tap'
import { parseQuery } from '../../../proxy/search/query.js'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const parsed = (text: string) => parseQuery(text, NOW)

t.test(
  'fields, alternatives, wildcards, quotes and what is left out are read as written',
  async (t) => {
    t.match(parsed('person:Agent target:shop,crm -kind:human rule:destructive/*').query, {
      conditions: [
        { field: 'person', without: false, choices: [{ text: 'agent', wild: false }] },
        { field: 'target', without: false, choices: [{ text: 'shop' }, { text: 'crm' }] },
        { field: 'kind', without: true, choices: [{ text: 'human' }] },
        { field: 'rule', without: false, choices: [{ text: 'destructive/*', wild: true }] },
      ],
      phrases: [],
    })
    t.match(parsed('object:"a b,*"').query?.conditions, [
      { field: 'object', choices: [{ text: 'a b,*', wild: false }] },
    ])
    t.match(parsed('person:"say ""hi"" \\" \\\\"').query?.conditions, [
      { choices: [{ text: 'say "hi" " \\' }] },
    ])
  },
)

t.test('words of the text are cut as the index cuts them', async (t) => {
  t.match(parsed('customers.ssn refund* -"drop table" "größer, als"').query?.phrases, [
    { words: ['customers', 'ssn'], open: false, without: false },
    { words: ['refund'], open: true, without: false },
    { words: ['drop', 'table'], open: false, without: true },
    { words: ['größer', 'als'], open: false, without: false },
  ])
})

t.test('numbers and times are read in each way that is promised', async (t) => {
  t.match(parsed('rows:>1000 masked:0 duration_ms:<=5').query?.numbers, [
    { field: 'rows', than: '>', value: 1000 },
    { field: 'masked', than: '=', value: 0 },
    { field: 'duration_ms', than: '<=', value: 5 },
  ])
  for (const [text, iso] of [
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T08:30', '2026-01-31T08:30:00Z'],
    ['2026-01-31T08:30:05.250Z', '2026-01-31T08:30:05.250Z'],
    ['2026-01-31T08:30+02:00', '2026-01-31T06:30:00Z'],
    ['7d', '2026-11-17T12:00:00Z'],
    ['90m', '2026-11-24T10:30:00Z'],
    ['1769846400000', '2026-01-31T08:00:00Z'],
  ] as const) {
    t.equal(parsed(`since:${text}`).query?.sinceMs, Date.parse(iso), text)
  }
})

t.test(
  'what is not understood is said with its place, and never taken for something else',
  async (t) => {
    for (const [text, at, what] of [
      ['a  perso:x', 3, /no field perso.*person/],
      ['action:allow action:denied', 13, /action: is never denied/],
      ['kind:robot', 0, /human, agent, pipeline/],
      ['a "b', 2, /never closed/],
      ['person:', 0, /not followed by a value/],
      ['person: x', 0, /not followed by a value/],
      ['person:a, x', 0, /not followed by a value/],
      ['person:""', 0, /nothing between the quotes/],
      ['person:"a"b', 10, /a space must stand/],
      ['"a""b" c"d"', 8, /a space must stand/],
      ['a - b', 2, /nothing after the -/],
      ['-fraud', 0, /only be left out beside/],
      ['person:x -"fraud"', 9, /only be left out beside/],
      ['"--"', 0, /no word in it/],
      ['a*b', 0, /only stand at the end/],
      ['since:2026-02-30', 0, /takes one time/],
      ['since:yesterday', 0, /takes one time/],
      ['-since:2026-01-01', 0, /takes one time/],
      ['until:7d,8d', 0, /takes one time/],
      ['rows:many', 0, /takes one number/],
      ['rows:-5', 0, /takes one number/],
      ['rows:1e9', 0, /takes one number/],
      ['x '.repeat(51), 100, /more than 50 parts/],
      ['x'.repeat(2_001), 2_000, /longer than 2000/],
    ] as const) {
      const { problem, query } = parsed(text)
      t.equal(query, undefined, text)
      t.match(problem, { at, what }, text)
      t.ok((problem?.length ?? 0) > 0)
    }
  },
)

t.test('nothing asked is everything', async (t) => {
  t.match(parsed('').query, { conditions: [], phrases: [], numbers: [] })
  t.match(parsed(' \n\t ').query, { conditions: [], phrases: [], numbers: [] })
})
