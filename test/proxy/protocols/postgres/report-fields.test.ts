// The target's errors on their way out: complete, but for what could tell a protected value or the
// target's place.
import t from 'tap'
import { NO_MASKS } from '../../../../engine/facts/postgres/exit-masks.js'
import { shownReport } from '../../../../proxy/protocols/postgres/report-fields.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { errorFields } from '../../../conformance/wire-client.js'

const UNIQUE = message(
  'E',
  'SERROR',
  'VERROR',
  'C23505',
  'Mduplicate key value violates unique constraint "k"',
  'DKey (ssn)=(123-45-6789) already exists.',
  'Wat 123-45-6789',
  'Hsee 123-45-6789',
  'spublic',
  'ttab',
  'nk',
  'Fnbtinsert.c',
  'L666',
  'R_bt_check_unique',
  Buffer.alloc(1),
)

function shown(bytes: Buffer, masks = NO_MASKS, hidden: readonly string[] = []) {
  const report = shownReport(bytes, 0, bytes.length, masks, hidden)
  return report === undefined ? undefined : errorFields(report.bytes.subarray(5))
}

t.test('an error passes in full where nothing is protected', async (t) => {
  t.same(shown(UNIQUE), errorFields(UNIQUE.subarray(5)))
})

t.test('a quiet error keeps code, severity and names, and no text of the target’s', async (t) => {
  const fields = shown(UNIQUE, { ...NO_MASKS, quietErrors: true })
  t.equal(fields?.get('C'), '23505')
  t.equal(fields?.get('n'), 'k')
  t.match(fields?.get('M'), /constraint violation/)
  for (const field of ['D', 'W', 'H']) t.notOk(fields?.has(field))
})

t.test('a quiet notice does not speak of a failure', async (t) => {
  const notice = message('N', 'SNOTICE', 'C00000', 'Mtable "x" does not exist', Buffer.alloc(1))
  t.match(shown(notice, { ...NO_MASKS, quietErrors: true })?.get('M'), /^a notice of the target/)
})

t.test('patterns are masked in every text', async (t) => {
  const patterns = [{ pattern: 'ssn', mask: { match: 'pattern:ssn', method: 'redact' } }] as const
  const fields = shown(UNIQUE, { ...NO_MASKS, patterns })
  t.equal(fields?.get('D'), 'Key (ssn)=(***********) already exists.')
})

t.test('words that tell where the target is are taken out', async (t) => {
  const bytes = message('E', 'SFATAL', 'C28000', 'Mrole "app" at db.internal', Buffer.alloc(1))
  t.equal(shown(bytes, NO_MASKS, ['db.internal', 'app'])?.get('M'), 'role "…" at …')
})

t.test('fields that do not add up are no report', async (t) => {
  for (const bytes of [
    message('E'),
    message('E', Buffer.alloc(1)),
    message('E', 'SERROR', Buffer.alloc(1)),
    message('E', 'C23505', Buffer.from('Mopen')),
    message('E', 'C23505', Buffer.from([0, 1])),
  ]) {
    t.equal(shown(bytes), undefined)
  }
})
