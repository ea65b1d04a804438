// One line says the most important: how many rows, what else goes, and whom it locks out.
import t from 'tap'
import { summaryOf } from '../../../../proxy/protocols/postgres/consequence-summary.js'

const NOTHING = { at: '', ms: 0, cascades: [], locks: [], sizes: [], notes: [] }

t.test('in one line', async (t) => {
  t.equal(summaryOf({ ...NOTHING, estimate: 1200 }), 'about 1,200 rows')
  t.equal(summaryOf({ ...NOTHING, estimate: 1200, count: 1847 }), '1,847 rows, counted')
  t.equal(summaryOf(NOTHING), 'nothing was found out beforehand')
  t.equal(summaryOf({ ...NOTHING, notes: ['it took too long'] }), 'it took too long')
  t.equal(
    summaryOf({
      ...NOTHING,
      estimate: 0,
      sizes: [
        { object: 'a', bytes: 1000 },
        { object: 'b', bytes: 24 },
      ],
      cascades: ['b', 'c', 'd', 'e'].map((table) => ({ table, action: 'truncate' })),
      locks: [
        { object: 'z', mode: 'ROW EXCLUSIVE', blocks: '' },
        { object: 'a', mode: 'ACCESS EXCLUSIVE', blocks: '' },
      ],
    }),
    'about 0 rows; 1.0 KiB go away; also truncate b, truncate c, truncate d and 1 more; locks a (ACCESS EXCLUSIVE)',
  )
})
