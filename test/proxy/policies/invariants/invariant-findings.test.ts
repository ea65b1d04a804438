// `policy check` names an invariant that the policies break, at its own line.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkPolicies } from '../../../../proxy/policies/check/check-policies.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { emptyDirectory } from '../../recording/sample-record.js'

// A busy machine may be slow to build.
t.setTimeout(240_000)

const INVARIANTS = `# What must never be.
invariants:
  - id: no-wide-deletes
    title: nobody empties a table without another person
    never:
      effects: [{op: [delete, truncate], where: [absent], temporary: false}]
      target: {env: [prod, staging]}
      decision: [allow, mask-fields]
      unless: {grants: other_person}
`

t.test('a check holds the policies against their invariants', async (t) => {
  const folder = join(emptyDirectory(t), 'policies')
  cpSync(LIBRARY, folder, { recursive: true })
  const settings = join(folder, 'sallyport-policy.yaml')
  writeFileSync(settings, `${readFileSync(settings, 'utf8')}\ninvariants: never.yaml\n`)
  writeFileSync(join(folder, 'never.yaml'), INVARIANTS)
  const opa = await opaPath()
  const found = async () => (await checkPolicies(opa, await policyFolder(folder))).findings

  const broken = await found()
  t.match(
    broken.filter(({ rule }) => rule === 'broken-invariant'),
    [
      {
        severity: 'error',
        file: 'never.yaml',
        line: 3,
        message:
          /no-wide-deletes .* is broken: (DELETE FROM|TRUNCATE) public\.orders by human \(env=staging\) is decided/,
      },
    ],
  )

  writeFileSync(join(folder, 'never.yaml'), INVARIANTS.replace('[prod, staging]', 'prod'))
  t.same(
    (await found()).filter(({ rule }) => rule === 'broken-invariant'),
    [],
  )

  writeFileSync(join(folder, 'never.yaml'), INVARIANTS.replace('truncate]', 'truncat]'))
  t.match(JSON.stringify(await found()), /never\.yaml:6:\d+: .*truncat/)
})
