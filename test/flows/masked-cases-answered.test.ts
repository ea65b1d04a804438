// The public corpus under what its own policy says rather than the shipped library: of the cases that must be
// masked at least nine in ten are answered, masked, and each that is refused is on the list with a reason.
import { rmSync } from 'node:fs'
import t from 'tap'
import { attempt } from '../conformance/attempt.js'
import { openArena } from '../conformance/arena.js'
import { caseFileOf } from '../conformance/cases.js'
import { corpusPolicy } from '../conformance/corpus-policy.js'
import { refusalsBeside } from '../conformance/refusals.js'
import { missingPostgres } from '../peers/postgres.js'

const CASES = 'fixtures/evasions/postgres.json'

t.setTimeout(600_000)

const missing = missingPostgres('debian') && missingPostgres('embedded')

t.test('cases that must be masked', { skip: missing, timeout: 600_000 }, async (t) => {
  const policies = corpusPolicy('fixtures/evasions/corpus-policy.yaml')
  const file = caseFileOf(CASES)
  const arena = await openArena(file, policies)
  t.teardown(async () => {
    await arena.close()
    rmSync(policies, { recursive: true, force: true })
  })
  const cases = file.cases.filter(({ expect }) => expect.outcome === 'must_mask')
  const refused: string[] = []
  for (const test of cases) {
    const attempted = await attempt(test, arena)
    t.equal(attempted.faults.join('; '), '', `${test.id} ${test.title}`)
    if (attempted.refused) refused.push(test.id)
  }
  const listed = Object.keys(refusalsBeside(CASES).always)
  t.same(refused.toSorted(), listed.toSorted(), 'each that is refused has its reason')
  t.ok((cases.length - refused.length) / cases.length >= 0.9, 'at least nine in ten are answered')
})
