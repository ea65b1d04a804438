// The same queries' kin by PREPARE and EXECUTE, through a cursor, by COPY and into a table: no way gives more than another.
import t from 'tap'
import { told } from '../oracle/answers.js'
import { answersAgree } from '../oracle/answers-agree.js'
import { startArena } from '../oracle/arena.js'
import { CANARY } from '../oracle/worlds.js'
import { missingPostgres } from '../peers/postgres.js'

const options = { skip: missingPostgres('embedded'), timeout: 3_000_000 }
t.test('cursors, copies and PREPARE answer on masked data', options, (t) =>
  answersAgree(t, 2_400, 1_000_000_000, ['prepared', 'cursor', 'copy', 'table']),
)

t.test('so they do where each label has a method of its own', options, (t) =>
  answersAgree(t, 1_600, 1_100_000_000, ['prepared', 'cursor', 'copy', 'table'], 'each'),
)

t.test('a table is copied as the masked table is', options, async (t) => {
  const arena = await startArena()
  t.teardown(() => arena.stop())
  const one = await arena.client('one')
  const masked = await arena.client('masked')
  const tables = ['people', 'people (code, ssn, id)', 'public.orders', 'cards', 'regions']
  for (const table of tables)
    for (const form of ['', ' (FORMAT csv, HEADER)', ' (FORMAT binary)']) {
      const copied = (client: typeof one) =>
        told(client, { sql: `${table}${form}`, ordered: true }, 'table copy')
      const ours = await copied(one)
      t.strictSame(ours, await copied(masked), `${table}${form}`)
      t.notMatch(JSON.stringify(ours), CANARY)
    }
  const parted = await told(one, { sql: 'events', ordered: true }, 'table copy')
  t.match(parted, { code: /^(42501|42809)$/ }, 'rows of a parted table are not copied')
})
