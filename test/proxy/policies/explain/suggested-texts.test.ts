// Texts that are suggested are read anew and decided as they say; where an edit would mean something else,
// none is suggested.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { suggestedTexts } from '../../../../proxy/policies/explain/suggested-texts.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { ddlCatalogue, withLabels } from '../../../../proxy/policies/rehearsal/catalogue.js'
import { createRehearsing } from '../../../../proxy/policies/rehearsal/rehearse.js'
import { situationOf } from '../../../../proxy/policies/rehearsal/situation.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, libraryPolicy } from '../../../rego/library.js'

const SAMPLE = 'customers TABLESAMPLE system (10)'

t.test('suggested texts', { skip: missingPostgres('embedded') }, async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-texts-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const shop = readFileSync(join(LIBRARY, 'catalogue', 'shop.sql'), 'utf8')
  const text = `${shop}\nCREATE TABLE "Odd one" (a int, "B" int, PRIMARY KEY (a, "B"));`
  const names = await ddlCatalogue({ ddl: [{ file: 'shop.sql', text }], database: 'shop', cache })
  const policy = await libraryPolicy()
  const catalogue = await withLabels(names, policy.labels)
  const { settings } = await policyFolder(LIBRARY)
  const rehearsing = await createRehearsing()
  const situation = situationOf(settings, { as: 'agent', target: 'shop' })
  const suggested = async (sql: string): Promise<readonly string[]> => {
    const { statements } = await rehearsing.run(sql, catalogue, situation, policy)
    const [one] = statements
    if (one === undefined) throw new Error(`${sql} is no statement`)
    const found = await suggestedTexts(one, catalogue, (changed, message) =>
      rehearsing.run(changed, catalogue, situation, policy, { message }),
    )
    for (const { action } of found) t.not(action, one.action)
    return found.map((each) => each.sql)
  }

  for (const [sql, ...expected] of [
    ["UPDATE orders SET status = 'x'", "UPDATE orders SET status = 'x' WHERE id = $1"],
    [
      "UPDATE orders SET status = 'x' RETURNING id",
      "UPDATE orders SET status = 'x' WHERE id = $1 RETURNING id",
    ],
    ['DELETE FROM orders -- all;', 'DELETE FROM orders WHERE id = $1 -- all;'],
    ['UPDATE "Odd one" SET a = 1', 'UPDATE "Odd one" SET a = 1 WHERE a = $1 AND "B" = $2'],
    // A sample is not put into other words, and what the error of the cast would quote is protected.
    [`SELECT ssn::int, name FROM ${SAMPLE}`, `SELECT name FROM ${SAMPLE}`],
    [`SELECT 'é', ssn::int, id FROM ${SAMPLE}`, `SELECT 'é', id FROM ${SAMPLE}`],
    // Where the edit cannot be made with certainty, or changes nothing.
    ['DELETE FROM orders USING customers'],
    ['UPDATE orders o SET total = 0 FROM customers c'],
    ["UPDATE orders SET status = 'x' WHERE true"],
    [`SELECT ssn::int FROM ${SAMPLE}`],
    [`SELECT ssn::int, id FROM ${SAMPLE} UNION SELECT 1, id FROM employees`],
    ['DROP TABLE orders'],
    ['SELECT name FROM customers'],
  ] as const) {
    await t.test(sql, async (t) => {
      t.same(await suggested(sql), expected)
    })
  }
})
