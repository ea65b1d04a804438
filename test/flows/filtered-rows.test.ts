// Row filters beside masks: to an agent that sees some rows only, each query by chance answers as on a database
// in which the others do not exist and the protected values are masked; and it cannot tell one database from
// another that holds more of what it does not see.
import t from 'tap'
import { answersAgree } from '../oracle/answers-agree.js'
import { missingPostgres } from '../peers/postgres.js'

const HIDDEN = {
  filters: `relations:
  - relation: public.people
    kinds: [agent]
    rows:
      - any:
          - {column: region, op: in, values: [north, south]}
          - {column: id, op: gt, value: 27}
  - {relation: public.orders, kinds: [agent], rows: [{column: total, op: lt, value: 30}]}
  - {relation: public.cards, kinds: [agent], rows: [{column: active, op: eq, value: true}]}
  - {relation: public.events, kinds: [agent], rows: [{column: at, op: ge, value: '2026-02-02'}]}
`,
  gone: `DELETE FROM people WHERE (region IN ('north', 'south') OR id > 27) IS NOT TRUE;
    DELETE FROM orders WHERE total >= 30; DELETE FROM cards WHERE NOT active;
    DELETE FROM events WHERE at < '2026-02-02'; ANALYZE`,
  more: `INSERT INTO people (id, name, region) VALUES (-1, 'x', 'west'), (-2, '', NULL), (0, 'y', 'east');
    INSERT INTO orders (id, person_id, total, region) VALUES (-1, 1, 30, 'north'), (-2, 0, 1000000000, NULL);
    INSERT INTO cards (id, active) VALUES (-1, false); INSERT INTO events (id, at) VALUES (-1, '2020-01-01')`,
} as const

const options = { skip: missingPostgres('embedded'), timeout: 3_000_000 }
t.test('rows that an agent does not see are as if they were not there', options, (t) =>
  answersAgree(
    t,
    300,
    2_000_000_000,
    ['simple', 'extended', 'binary', 'script', 'prepared', 'cursor', 'copy', 'table'],
    'redact',
    HIDDEN,
  ),
)
