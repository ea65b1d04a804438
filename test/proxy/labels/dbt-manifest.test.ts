// dbt's manifest: what its meta says of columns of models and sources, and nothing that is not in it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dbtColumns, readDbtManifest } from '../../../proxy/labels/dbt-manifest.js'

const MANIFEST = {
  nodes: {
    'model.shop.customers': {
      database: 'Shop',
      schema: 'Public',
      name: 'customers_v2',
      alias: 'customers',
      columns: {
        email: { name: 'email', meta: { pii: true } },
        x: { name: 'x', meta: { pii: 'phone' } },
        y: { name: 'y', config: { meta: { contains_pii: 'yes' } } },
        z: { name: 'z', meta: { labels: ['pii', 'pii.health'] } },
        no: { name: 'no', meta: { pii: false, contains_pii: 'no', labels: [] } },
        odd: { name: 'odd', meta: { pii: null, labels: [1, {}, 'a b\nc'] } },
      },
    },
    broken: null,
    strange: { schema: 1, columns: [null, 3] },
  },
  sources: {
    'source.crm': {
      database: 'crm',
      schema: 'public',
      name: 'orders',
      identifier: 'crm_orders',
      columns: { note: { name: 'note', meta: { labels: 'free_text' } } },
    },
  },
}

t.test('meta says what columns are', async (t) => {
  const columns = dbtColumns(MANIFEST)
  const at = (column: string) => columns('shop', 'public', 'customers', column)
  t.match(at('email'), [{ kind: 'email', strength: 'stated' }])
  t.match(at('x'), [{ kind: 'phone' }])
  t.match(at('y'), [{ kind: 'personal' }])
  t.match(at('z'), [{ labels: ['pii', 'pii.health'] }])
  for (const none of ['no', 'odd', 'id']) t.same(at(none), [], none)
  t.match(columns('crm', 'public', 'crm_orders', 'note'), [{ labels: ['free_text'] }])
  t.same(columns('shop', 'public', 'crm_orders', 'note'), [], 'another database')
})

t.test('what is no manifest says nothing, and a file that is none is an error', async (t) => {
  for (const none of [null, 1, [], {}, { nodes: 3 }, { nodes: { a: { columns: 'x' } } }]) {
    t.same(dbtColumns(none)('d', 's', 't', 'c'), [])
  }
  const file = join(t.testdir({}), 'manifest.json')
  await t.rejects(readDbtManifest(file), { code: 'not_found' })
  writeFileSync(file, '{')
  await t.rejects(readDbtManifest(file), { code: 'not_found', message: /not JSON/ })
})
