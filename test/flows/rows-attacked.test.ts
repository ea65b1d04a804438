// Attacks on row filters and on labels below documents, against one gateway whose agents see the rows of one region
// and documents without two of their paths: nothing hidden in any byte, nothing hidden changed, work goes on.
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openArena } from '../conformance/arena.js'
import { attempt } from '../conformance/attempt.js'
import { caseFileOf } from '../conformance/cases.js'
import { corpusPolicy } from '../conformance/corpus-policy.js'
import { missingPostgres } from '../peers/postgres.js'

const missing = missingPostgres('debian') && missingPostgres('embedded')

function kept(name: string): string {
  const beside = fileURLToPath(new URL(`../../fixtures/evasions/${name}`, import.meta.url))
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL(`../../../fixtures/evasions/${name}`, import.meta.url))
}

t.setTimeout(600_000)

void t.test(
  'rows and paths that are hidden stay so',
  { skip: missing, timeout: 600_000 },
  async (t) => {
    const file = caseFileOf(kept('rows.json'))
    const policies = corpusPolicy(kept('rows.policy.yaml'))
    const arena = await openArena(file, policies)
    t.teardown(async () => {
      await arena.close()
      rmSync(policies, { recursive: true, force: true })
    })
    let answered = 0
    for (const test of file.cases) {
      const { faults, refused } = await attempt(test, arena).catch((problem: unknown) => ({
        faults: [String(problem)],
        refused: true,
      }))
      if (!refused) answered++
      t.equal(faults.join('; '), '', `${test.id} ${test.title}: ${test.expect.outcome}`)
    }
    t.ok(answered * 2 > file.cases.length, `${answered} of ${file.cases.length} answered`)
  },
)
