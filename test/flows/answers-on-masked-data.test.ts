// Queries by chance, sent as they are, among others, or prepared by the protocol, in text and in binary: each is answered
// as on a database whose protected values had been replaced.
import t from 'tap'
import { answersAgree } from '../oracle/answers-agree.js'
import { missingPostgres } from '../peers/postgres.js'

const options = { skip: missingPostgres('embedded'), timeout: 3_000_000 }
t.test('queries by chance are answered on masked data', options, (t) =>
  answersAgree(t, 9_000, 1, ['simple', 'extended', 'binary', 'script']),
)

t.test('so they are where each label has a method of its own', options, (t) =>
  answersAgree(t, 6_000, 100_000_000, ['simple', 'extended', 'binary', 'script'], 'each'),
)
