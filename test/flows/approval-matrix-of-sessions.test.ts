// Every way in which the approval of a session can end; what is tested stands in `approval-matrix.ts`.
import t from 'tap'
import { missingPostgres } from '../peers/postgres.js'
import { approvalMatrix } from './approval-matrix.js'

const skip = missingPostgres('embedded')

t.test('the approval matrix of sessions', { skip, timeout: 280_000 }, (t) =>
  approvalMatrix(t, 'session'),
)
