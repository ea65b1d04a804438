// Label rules against a real database's columns: each thing that can be wrong, with its line and what to do.
import t from 'tap'
import { loadModule } from 'libpg-query'
import { checkedLabels } from '../../../proxy/labels/check-labels.js'
import { readLabelData } from '../../../proxy/labels/label-data.js'
import type { Finding } from '../../../proxy/policies/findings.js'
import { policyFolder } from '../../../proxy/policies/folder.js'
import { loadCatalogue } from '../../../proxy/targets/catalogue.js'
import { labelsWorld, NO_POSTGRES } from './labels-world.js'

t.test('rules against columns', { skip: NO_POSTGRES }, async (t) => {
  const { client, rules, policies } = await labelsWorld(t)
  await client.query(`
    CREATE TABLE customers (id int, email text, full_name text, cards text[], score int);
    CREATE TABLE orders (id int, status text, comment text);
    CREATE VIEW mails AS SELECT email FROM customers;
    CREATE VIEW made AS SELECT 'x'::text AS email`)
  await loadModule()
  const query = async (sql: string) =>
    (
      await client.query<(string | null)[]>({
        text: sql,
        rowMode: 'array',
        types: { getTypeParser: () => String },
      })
    ).rows
  const names = await loadCatalogue(query, new Map())
  const found = async (text: string): Promise<readonly Finding[]> => {
    rules(text)
    return checkedLabels(names, await readLabelData(await policyFolder(policies)))
  }
  const list = (...lines: readonly string[]): string =>
    `columns:\n${lines.map((line) => `  - {${line}}\n`).join('')}`
  const ALL = [
    'column: email, labels: [pii, pii.email]',
    'column: full_name, labels: [pii, pii.name]',
    'table: orders, column: comment, labels: [free_text]',
  ]
  const word = (findings: readonly Finding[]): readonly string[] =>
    findings.map(({ rule, severity, line }) => `${severity} ${rule} ${line}`)

  await t.test('rules that fit say nothing', async (t) => {
    t.same(await found(list(...ALL)), [])
  })

  await t.test(
    'a rule that labels nothing is an error where something nearly has its name',
    async (t) => {
      const typo = await found(list(...ALL, 'table: customers, column: scroe, labels: [pii]'))
      t.match(typo, [{ severity: 'error', line: 5, message: /customers\.scroe/, fix: /“score”/ }])
      const table = await found(list(...ALL, 'table: custmers, column: iban, labels: [pii]'))
      t.match(table, [{ severity: 'error', fix: /the table “customers”/ }])
      const gone = await found(list(...ALL, 'table: orders, column: zzzzzz, labels: [pii]'))
      t.match(gone, [{ severity: 'error', fix: /the table is there/ }])
      const other = await found(list(...ALL, 'column: passport, labels: [pii]'))
      t.match(other, [{ severity: 'warning', fix: /another database/ }])
      const elsewhere = 'database: crm, column: passport, labels: [pii]'
      t.same(await found(list(...ALL, elsewhere)), [], 'one for another database is not looked at')
    },
  )

  await t.test(
    'columns that sound sensitive and have no label are named, views by what they read',
    async (t) => {
      const findings = await found(list(...ALL.slice(1)))
      t.match(findings, [
        { rule: 'label-missing', severity: 'warning', message: /“public\.customers\.email”/ },
        { rule: 'label-missing', message: /“public\.made\.email”/ },
      ])
      t.equal(findings.length, 2, 'a view that reads the first gets its label from there')
      t.match(findings[0], { file: 'data/labels/data.yaml', fix: /\[pii, pii\.email\]/ })
    },
  )

  await t.test('a label of which no rule speaks protects nothing', async (t) => {
    const findings = await found(list(...ALL, 'column: score, labels: [confidential]'))
    t.match(findings, [{ rule: 'label-unspoken', line: 5, message: /“confidential”/ }])
    const half = await found(list(...ALL.slice(1), 'column: email, labels: [pii.email]'))
    t.match(half, [{ rule: 'label-unspoken', line: 4, fix: /add the label “pii”/ }])
    const comment = await found(list(...ALL, 'column: score, labels: [secret]'))
    t.match(comment, [{ message: /“secret”/ }], 'a comment in Rego is no rule')
  })

  await t.test('rules that say the same, or differ, are told apart', async (t) => {
    const same = await found(list(...ALL, 'table: customers, column: email, labels: [pii]'))
    t.same(word(same), ['warning label-rule-twice 5'])
    t.match(same[0], { message: /data\.yaml:2 already/ })
    const equal = await found(list(...ALL, ALL[0] ?? ''))
    t.same(word(equal), ['warning label-rule-twice 5'], 'of two equal ones the later')
    const differ = await found(
      list(...ALL, 'table: customers, column: "e*", labels: [pii, pii.card]'),
    )
    t.same(word(differ), ['warning label-contradiction 5'])
    t.match(differ[0], { message: /pii\.card here and pii\.email by data\/labels\/data\.yaml:2/ })
  })

  await t.test('what is no rule, and what is no YAML, is an error', async (t) => {
    t.same(word(await found(list(...ALL, 'column: score', 'labels: [pii]'))), [
      'error label-rule-broken 5',
      'error label-rule-broken 6',
    ])
    t.match(await found('columns: [\n'), [
      { rule: 'label-rule-broken', severity: 'error' },
      {},
      {},
      {},
    ])
  })
})
