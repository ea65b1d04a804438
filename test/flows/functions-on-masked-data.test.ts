// Queries by chance that also call functions written in SQL, take rows apart as documents, fill temporary
// tables and are read behind temporary views: answered as on a database that holds the masks.
import t from 'tap'
import { answersAgree } from '../oracle/answers-agree.js'
import { missingPostgres } from '../peers/postgres.js'

const options = { skip: missingPostgres('embedded'), timeout: 3_000_000 }
t.test('functions, parts of rows, filled tables and views answer on masked data', options, (t) =>
  answersAgree(
    t,
    200,
    1_400_000_000,
    ['simple', 'extended', 'filled', 'view', 'copy'],
    'redact',
    undefined,
    true,
  ),
)
