// Every attack and every control that is kept, against one gateway with the shipped policies: no
// protected value in any byte, nothing done before it is approved, and ordinary work goes on.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { attempt } from '../conformance/attempt.js'
import { openArena } from '../conformance/arena.js'
import { caseFileOf } from '../conformance/cases.js'
import { refusalsBeside } from '../conformance/refusals.js'
import { missingPostgres } from '../peers/postgres.js'

const FILES = ['postgres.json', 'found.json']

// Some eight hundred cases, many with a database of their own.
t.setTimeout(1_100_000)

const missing = missingPostgres('debian') && missingPostgres('embedded')

function kept(name: string): string {
  const beside = fileURLToPath(new URL(`../../fixtures/evasions/${name}`, import.meta.url))
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL(`../../../fixtures/evasions/${name}`, import.meta.url))
}

for (const name of FILES) {
  void t.test(`cases of ${name}`, { skip: missing, timeout: 1_100_000 }, async (t) => {
    const file = caseFileOf(kept(name))
    const arena = await openArena(file)
    t.teardown(() => arena.close())
    let toMask = 0
    const withheld: string[] = []
    for (const test of file.cases) {
      const { faults, refused } = await attempt(test, arena).catch((problem: unknown) => ({
        faults: [String(problem)],
        refused: true,
      }))
      if (test.expect.outcome === 'must_mask') toMask++
      if (test.expect.outcome === 'must_mask' && refused) withheld.push(test.id)
      t.equal(faults.join('; '), '', `${test.id} ${test.title}: ${test.expect.outcome}`)
    }
    t.comment(`${toMask - withheld.length} of ${toMask} cases that must be masked were answered`)
    if (name !== 'postgres.json') return
    const { always, library } = refusalsBeside(kept(name))
    const listed = [...Object.keys(always), ...Object.keys(library)]
    t.same(withheld.toSorted(), listed.toSorted(), 'each that is refused has its reason')
  })
}
