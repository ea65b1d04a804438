// The same queries' kin by PREPARE and EXECUTE, through a cursor, by COPY and into a table: no way gives more than another.
import t from 'tap'
import { answersAgree } from '../oracle/answers-agree.js'
import { missingPostgres } from '../peers/postgres.js'

const options = { skip: missingPostgres('embedded'), timeout: 3_000_000 }
t.test('cursors, copies and PREPARE answer on masked data', options, (t) =>
  answersAgree(t, 4_000, 1_000_000_000, ['prepared', 'cursor', 'copy', 'table']),
)
