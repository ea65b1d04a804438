// `sallyport labels` as it is typed: help, wrong usage, and targets that are not there.
import { lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { labelsWorld, NO_POSTGRES } from '../labels/labels-world.js'

t.test('wrong usage says what is right', { skip: NO_POSTGRES }, async (t) => {
  const { typed, home, client } = await labelsWorld(t)
  t.match(await typed(), { code: 2, err: /labels VERB TARGET/ })
  t.match(await typed('scam', 'shop'), { code: 2, err: /no verb “scam”/ })
  t.match(await typed('scan', '--help'), { code: 0, out: /none is printed, logged or stored/ })
  t.match(await typed('check', '--help'), { code: 0, out: /label-missing/ })
  t.match(await typed('scan'), { code: 2, err: /name one target/ })
  t.match(await typed('scan', 'shop', '--sample', '-1'), { code: 2 })
  t.match(await typed('scan', 'shop', '--sample', 'x'), { code: 2, err: /number of rows/ })
  t.match(await typed('scan', 'shop', '--confidence', 'some'), {
    code: 2,
    err: /high, medium, low/,
  })
  t.match(await typed('scan', 'shop', '--format', 'xml'), { code: 2, err: /pretty, json, yaml/ })
  t.match(await typed('scan', 'shopp'), { code: 1, err: /no target shopp; did you mean shop\?/ })
  t.match(await typed('scan', 'shop', '--database', 'x'), { code: 1, err: /no database x/ })
  t.match(await typed('scan', 'shop/postgres', '--dbt', 'none'), { code: 1, err: /manifest/ })
  t.match(await typed('scan', 'shop', '--config', 'none.yaml'), { code: 1, err: /none\.yaml/ })
  t.match(await typed('scan', 'shop', '--policies', 'none'), { code: 1, err: /no folder/ })
  t.match(await typed('scan', 'shop', '--write'), { code: 0, out: /Nothing to add/ })
  t.match(await typed('check', 'shop'), { code: 0, out: /nothing found/ })
  await client.query('CREATE TABLE a (email text)')
  t.match(await typed('scan', 'shop', '--write'), { code: 0, out: /1 rule written/ })
  const file = join(home, 'ours/data/labels/data.yaml')
  writeFileSync(
    join(home, 'ours/data/data.yaml'),
    'labels:\n  columns:\n    - {column: x, labels: [pii]}\n',
  )
  rmSync(file)
  t.match(await typed('scan', 'shop'), { code: 1, err: /stand in data\/data\.yaml/ })
  rmSync(join(home, 'ours/data/data.yaml'))
  writeFileSync(join(home, 'rules.yaml'), '# Ours.\n')
  symlinkSync(join(home, 'rules.yaml'), file)
  t.match(await typed('scan', 'shop', '--write'), { code: 0 })
  t.ok(lstatSync(file).isSymbolicLink())
  t.match(readFileSync(file, 'utf8'), /^# Ours\.\ncolumns:\n/)
  writeFileSync(file, 'columns: {a: 1}\n')
  t.match(await typed('scan', 'shop'), { code: 1, err: /one rule below the other/ })
})

t.test('a target that does not answer is told in words', { skip: NO_POSTGRES }, async (t) => {
  const { typed, home, client } = await labelsWorld(t)
  await client.query(`ALTER ROLE reader PASSWORD 'another'`)
  for (const verb of ['scan', 'check']) {
    const found = await typed(verb, 'shop')
    t.match(found, { code: 1, out: '', err: /names cannot be read/ })
    t.notMatch(found.err, /reader-password|another/)
  }
  t.ok(home)
})
