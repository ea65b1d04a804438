// Which tests are tried first: those that noticed most mutants so far for the time they take. Most mutants
// are noticed by few tests, and a run of all of them is needed only for what these do not notice. The
// order changes how long it takes, never what comes out.
import { fullName, type OpaTest } from '../testing/opa-tests.js'

export type TestOrder = {
  // Disjoint, together all tests, none empty.
  readonly groups: () => readonly (readonly OpaTest[])[]
  // Full names of tests that failed on a mutant.
  readonly noticedBy: (names: readonly string[]) => void
}

// The first group takes at most this share of the time of all.
const FIRST_SHARE = 0.2

export function createTestOrder(tests: readonly OpaTest[]): TestOrder {
  const noticed = new Map<string, number>()
  const wholeMs = tests.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const worth = (one: OpaTest): number =>
    (1 + (noticed.get(fullName(one)) ?? 0)) / Math.max(one.durationMs, 0.001)
  return {
    groups: () => {
      const ordered = [...tests].sort((one, other) => worth(other) - worth(one))
      const first: OpaTest[] = []
      const rest: OpaTest[] = []
      let sumMs = 0
      for (const one of ordered) {
        const fits = first.length === 0 || sumMs + one.durationMs <= wholeMs * FIRST_SHARE
        if (fits) sumMs += one.durationMs
        ;(fits ? first : rest).push(one)
      }
      return [first, rest].filter((group) => group.length > 0)
    },
    noticedBy: (names) => {
      for (const name of names) noticed.set(name, (noticed.get(name) ?? 0) + 1)
    },
  }
}
