// npm run compliance: OPA's own cases against our Wasm host, area by area; what fails, by name; what is
// left out, with the reason. Arguments are words that an area or a case's name must hold.
import { opaPath } from '../rego/library.js'
import { casesFolder, casesIn, type Case } from './cases.js'
import { compiled } from './compiled.js'
import { EXCEPTIONS } from './exceptions.js'
import { verdictOn, type Verdict } from './verdict.js'

// OPA compiles while we evaluate: so many, that it always has something to do.
const IN_FLIGHT = 8

export type Outcome = { readonly one: Case; readonly verdict: Verdict }

export async function outcomes(cases: readonly Case[]): Promise<readonly Outcome[]> {
  const opa = await opaPath()
  const done: Outcome[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < cases.length; at = next++) {
      const one = cases[at]
      if (one === undefined) return
      done[at] = { one, verdict: verdictOn(one, await compiled(opa, one)) }
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  return done
}

async function main(words: readonly string[], write: (text: string) => void): Promise<number> {
  const found = casesFolder({ download: true })
  if ('missing' in found) {
    write(`skipped: ${found.missing}\n`)
    return 0
  }
  const started = process.hrtime.bigint()
  const cases = casesIn(found.folder).filter(
    ({ area, note }) =>
      words.length === 0 || words.some((word) => area === word || note.includes(word)),
  )
  const all = await outcomes(cases)
  for (const area of [...new Set(all.map(({ one }) => one.area))].sort()) {
    const own = all.filter(({ one }) => one.area === area)
    const passed = own.filter(({ verdict }) => verdict.kind === 'passed').length
    write(`${area}: ${passed} of ${own.length}\n`)
  }
  const wrong = unexpected(all)
  for (const { one, verdict } of wrong) {
    const why = 'why' in verdict ? verdict.why : 'passes, and is listed as an exception'
    write(`\n${verdict.kind}: ${one.area} · ${one.note}\n     ${why}\n`)
  }
  const left = all.filter(({ one }) => EXCEPTIONS.has(one.note))
  for (const { one } of left) write(`left out: ${one.note} (${EXCEPTIONS.get(one.note) ?? ''})\n`)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const { applicable, passed } = countsOf(all)
  const share = ((100 * passed) / Math.max(1, applicable)).toFixed(2)
  write(
    `\n${all.length} cases, ${left.length} left out; ${passed} of ${applicable} pass (${share} %), ${seconds.toFixed(0)} s\n`,
  )
  return wrong.length === 0 ? 0 : 1
}

// What fails unlisted, and what is listed and passes.
export function unexpected(all: readonly Outcome[]): readonly Outcome[] {
  return all.filter(({ one, verdict }) => (verdict.kind === 'passed') === EXCEPTIONS.has(one.note))
}

export function countsOf(all: readonly Outcome[]): {
  readonly applicable: number
  readonly passed: number
} {
  const applicable = all.filter(({ one }) => !EXCEPTIONS.has(one.note))
  return {
    applicable: applicable.length,
    passed: applicable.filter(({ verdict }) => verdict.kind === 'passed').length,
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.exitCode = await main(process.argv.slice(2), (text) => void process.stdout.write(text))
}
