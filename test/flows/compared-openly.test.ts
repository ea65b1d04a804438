// Queries by chance for a group that may compare values as they are stored: rows and their order are the true
// ones, and what is protected in them is masked.
import t from 'tap'
import { answersOpenly } from '../oracle/answers-openly.js'
import { missingPostgres } from '../peers/postgres.js'

const options = { skip: missingPostgres('embedded'), timeout: 600_000 }
t.test('true rows, masked answers', options, (t) =>
  answersOpenly(t, 1_000, 1, ['simple', 'extended', 'script', 'prepared', 'cursor']),
)
