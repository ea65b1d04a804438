// What somebody can do is what the policy decides: every ability stands in one row, every row holds for all
// that it names, and circumstances that change it are told.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { policyOf } from '../../../../engine/policy/bundle.js'
import type { Policy } from '../../../../engine/policy/policy.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import { canDo, type Can } from '../../../../proxy/policies/can/can.js'
import { canText } from '../../../../proxy/policies/can/can-text.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { ddlCatalogue, withLabels } from '../../../../proxy/policies/rehearsal/catalogue.js'
import { situationOf } from '../../../../proxy/policies/rehearsal/situation.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, libraryPolicy, opaPath } from '../../../rego/library.js'

t.test('what somebody can do', { skip: missingPostgres('embedded') }, async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-can-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const text = readFileSync(join(LIBRARY, 'catalogue', 'shop.sql'), 'utf8')
  const ddl = [{ file: 'shop.sql', text }]
  const names = await ddlCatalogue({ ddl, database: 'shop', cache })
  const library = await libraryPolicy()
  const { settings } = await policyFolder(LIBRARY)
  const can = async (as: string, target = 'shop', policy: Policy = library): Promise<Can> =>
    canDo({
      policy,
      catalogue: await withLabels(names, policy.labels),
      situation: situationOf(settings, { as, target }),
      environments: ['prod', 'test'],
    })
  const resultOf = ({ abilities }: Can, op: string, thing: string, variant: string): unknown =>
    abilities.find(
      ({ ability }) => ability.op === op && ability.thing === thing && ability.variant === variant,
    )?.outcome.result

  await t.test('an agent at production', async (t) => {
    const found = await can('agent')
    t.equal(resultOf(found, 'read', 'public.orders', ''), 'allowed')
    t.equal(resultOf(found, 'read', 'public.customers.ssn', 'selected'), 'masked')
    t.equal(resultOf(found, 'read', 'public.customers.ssn', 'compared'), 'masked')
    t.equal(resultOf(found, 'read', 'public.customers.ssn', 'copied out'), 'masked')
    t.equal(resultOf(found, 'update', 'public.orders', 'without WHERE'), 'never')
    t.equal(resultOf(found, 'update', 'public.orders', 'WHERE of the key'), 'allowed')
    t.equal(resultOf(found, 'drop', 'public.orders', ''), 'approval')
    t.equal(resultOf(found, 'execute_program', 'programs of the server', ''), 'never')
    const dropped = found.rows.find(({ operations }) => operations.includes('drop'))
    t.same(dropped?.approvers, ['approvers'])
    t.same(dropped?.rules, ['destructive/drop'])
  })

  await t.test('who may see personal data in the clear sees it', async (t) => {
    const found = await can('reader')
    t.equal(resultOf(found, 'read', 'public.customers.ssn', 'selected'), 'allowed')
    t.notMatch(JSON.stringify(found.rows), /protected\/personal-data/)
    t.equal(resultOf(found, 'read', 'public.accounts.password_hash', 'selected'), 'masked')
  })

  await t.test('another environment is told where it changes something', async (t) => {
    const { rows } = await can('engineer')
    const drop = rows.find(
      ({ operations, result }) => operations.includes('drop') && result === 'approval',
    )
    t.same(drop?.otherwise, [{ when: 'where env is test', result: 'allowed' }])
    const agent = await can('agent')
    t.same(agent.rows.find(({ operations }) => operations.includes('drop'))?.otherwise, [])
  })

  await t.test('hours are told where the policy has some', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-can-hours-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(LIBRARY, folder, { recursive: true })
    const hours = join(folder, 'data', 'hours', 'data.yaml')
    writeFileSync(hours, readFileSync(hours, 'utf8').replace('enabled: false', 'enabled: true'))
    const bytes = await buildBundle({ opa: await opaPath(), folder })
    const found = await can('engineer', 'shop', await policyOf(bytes, { id: 1, fuel: 5_000_000 }))
    t.match(
      canText(found),
      /insert.*\n +needs an approval at 0:00 to 8:00, 18:00 to 24:00; on saturdays; on sundays/,
    )
  })

  await t.test(
    'each ability stands in exactly one row, and comes out as that row says',
    async (t) => {
      for (const as of ['agent', 'engineer', 'reader', 'pipeline']) {
        const { rows, abilities } = await can(as)
        for (const { ability, outcome } of abilities) {
          const { op, thing, class: name, variant } = ability
          const own = rows.filter(
            ({ operations, things, ways }) =>
              operations.includes(op) &&
              (things.includes(thing) || things.includes(`all ${name}`)) &&
              (ways.length === 0 || ways.includes(variant)),
          )
          t.equal(own.length, 1, `${as}: ${op} ${thing} ${variant}`)
          t.equal(own[0]?.result, outcome.result)
          t.same(own[0]?.otherwise, outcome.otherwise)
        }
        t.ok(rows.length < 60, `${rows.length} rows`)
      }
    },
  )
})
