// Which target a client means, and with which account it is opened.
import t from 'tap'
import { createRegistry, type Target } from '../../../proxy/targets/registry.js'

const shop: Target = {
  name: 'shop',
  kind: 'postgres',
  host: '127.0.0.1',
  port: 5432,
  tls: undefined,
  database: 'shop',
  databases: ['shop', 'archive'],
  labels: {},
  zone: 'UTC',
  accounts: [
    { groups: ['dba'], user: 'owner', password: undefined },
    { groups: ['agents', 'pipelines'], user: 'reader', password: undefined },
  ],
}
const open: Target = {
  ...shop,
  name: 'open',
  accounts: [{ groups: undefined, user: 'all', password: undefined }],
}
const registry = createRegistry([shop, open])

t.test('a name means a target, with a slash one of its databases', async (t) => {
  t.match(registry.resolve('shop', undefined), { target: { name: 'shop' }, database: 'shop' })
  t.match(registry.resolve('shop/archive', undefined), {
    target: { name: 'shop' },
    database: 'archive',
  })
  for (const asked of [
    'shop/other',
    'shop/archive/x',
    'other',
    '',
    '/',
    '/shop',
    'shop/postgres',
  ]) {
    t.equal(registry.resolve(asked, undefined), undefined, asked)
  }
})

t.test('behind a listener of its own, every name means that target', async (t) => {
  t.match(registry.resolve('archive', 'shop'), { target: { name: 'shop' }, database: 'archive' })
  t.match(registry.resolve('shop', 'shop'), { database: 'shop' })
  t.match(registry.resolve('shop/archive', 'shop'), { database: 'archive' })
  t.equal(registry.resolve('open', 'shop'), undefined)
})

t.test('the first account that shares a group is used; none is no access', async (t) => {
  t.match(registry.accountFor(shop, ['agents', 'dba']), { user: 'owner' })
  t.match(registry.accountFor(shop, ['pipelines']), { user: 'reader' })
  t.equal(registry.accountFor(shop, ['people']), undefined)
  t.equal(registry.accountFor(shop, []), undefined)
  t.match(registry.accountFor(open, []), { user: 'all' })
})
