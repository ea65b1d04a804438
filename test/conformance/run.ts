// npm run conformance -- --cases FILE [--policy FILE] [--only REGEX] [--verbose]: every case of the file against a
// gateway of our own. Prints what failed and why, how many of those to be masked were answered rather than
// refused, and closes on `N passed, N failed`.
import { rmSync } from 'node:fs'
import { openArena } from './arena.js'
import { attempt } from './attempt.js'
import { caseFileOf } from './cases.js'
import { corpusPolicy } from './corpus-policy.js'
import { refusalsBeside } from './refusals.js'

const USAGE = 'npm run conformance -- --cases FILE [--policy FILE] [--only REGEX] [--verbose]\n'

export async function conformance(
  argv: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const value = (name: string): string | undefined => {
    const at = argv.indexOf(name)
    return at < 0 ? undefined : argv[at + 1]
  }
  const path = value('--cases')
  if (path === undefined) {
    write(USAGE)
    return 2
  }
  const file = caseFileOf(path)
  const only = new RegExp(value('--only') ?? '')
  const verbose = argv.includes('--verbose')
  const changes = value('--policy')
  const policies = changes === undefined ? undefined : corpusPolicy(changes)
  const arena = await openArena(file, policies)
  let [passed, failed] = [0, 0]
  const masked = { all: 0, refused: [] as string[] }
  try {
    for (const test of file.cases.filter(({ id }) => only.test(id))) {
      const { faults, refused } = await attempt(test, arena).catch((problem: unknown) => ({
        faults: [String(problem)],
        refused: true,
      }))
      if (test.expect.outcome === 'must_mask') {
        masked.all++
        if (refused) masked.refused.push(test.id)
      }
      if (faults.length === 0) passed++
      else failed++
      if (faults.length > 0)
        write(`FAIL ${test.id} (${test.expect.outcome}) ${test.title}: ${faults.join('; ')}\n`)
      else if (verbose) write(`ok   ${test.id} ${test.title}\n`)
    }
    if (verbose) write(arena.log())
  } finally {
    await arena.close()
    if (policies !== undefined) rmSync(policies, { recursive: true, force: true })
  }
  if (masked.all > 0) {
    const { all, refused } = masked
    const { always, library } = refusalsBeside(path)
    const reasons: Readonly<Record<string, string>> = { ...library, ...always }
    write(`${all - refused.length} of ${all} must_mask cases answered; refused:\n`)
    for (const id of refused) write(`  ${id} ${reasons[id] ?? ''}\n`)
  }
  write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.exitCode = await conformance(
    process.argv.slice(2),
    (text) => void process.stdout.write(text),
  )
  process.exit()
}
