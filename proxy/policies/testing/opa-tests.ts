// Rego tests as OPA itself runs them, with what it says of those that fail: the values that made an
// expression false, and what the test printed.
import { GatewayError } from '../../errors.js'
import { programOutput } from './program-output.js'
import type { TestWorkspace } from './test-workspace.js'

export type OpaTest = {
  // Such as `data.shop.orders_test`.
  readonly package: string
  readonly name: string
  readonly file: string
  readonly line: number
  readonly verdict: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number
  // Names of cases of a table (`test_x[case]`), outermost first, joined by `/`.
  readonly cases: { readonly passed: readonly string[]; readonly failed: readonly string[] }
  readonly error: string | undefined
  readonly printed: string
}

const OPA_MS = 120_000

// Rejects with GatewayError('bundle_invalid') and OPA's own words where nothing can be run at all.
export async function opaTests(opa: string, workspace: TestWorkspace): Promise<readonly OpaTest[]> {
  const args = ['test', '--format', 'json', '--timeout', '60s', ...workspace.paths]
  const said = await programOutput(opa, args, { cwd: workspace.root, timeoutMs: OPA_MS })
  const results = parsed(said.out)
  if (results !== undefined) return results.map(testOf)
  // OPA says nothing where there is no test.
  if (said.error.trim() === '' && said.out.trim() === '') return []
  throw new GatewayError('bundle_invalid', (said.error || said.out).trim())
}

// Full name → lines: of each failed test, what its expressions were.
export async function opaExplanations(
  opa: string,
  workspace: TestWorkspace,
  failed: readonly OpaTest[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (failed.length === 0) return new Map()
  const args = ['test', '--var-values', '--run', patternFor(failed), ...workspace.paths]
  const said = await programOutput(opa, args, { cwd: workspace.root, timeoutMs: OPA_MS })
  const explained = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of said.out.split('\n')) {
    const name = /^(data\.\S+): (?:FAIL|ERROR) \(/.exec(line)?.[1]
    if (name !== undefined) explained.set(name, (current = []))
    else if (/^-{10,}$/.test(line) || /^\S/.test(line)) current = undefined
    else current?.push(line.replace(/^ {2}/, '').replaceAll('\t', '    ').trimEnd())
  }
  for (const [name, lines] of explained) explained.set(name, withoutEmptyEnds(lines))
  return explained
}

// A pattern for `--run` that these tests fit and no others.
export function patternFor(tests: readonly OpaTest[]): string {
  const names = tests.map((one) => fullName(one).replace(/[^\w]/g, '\\$&'))
  return `^(${[...new Set(names)].join('|')})$`
}

export function fullName({ package: home, name }: Pick<OpaTest, 'package' | 'name'>): string {
  return `${home}.${name}`
}

type Json = Readonly<Record<string, unknown>>

function parsed(text: string): readonly Json[] | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? found.map(objectOf) : undefined
  } catch {
    return undefined
  }
}

function testOf(result: Json): OpaTest {
  const location = objectOf(result['location'])
  const { error } = result
  const skipped = result['skip'] === true
  const failed = result['fail'] === true || error !== undefined
  const printed = typeof result['output'] === 'string' ? result['output'] : ''
  return {
    package: textOf(result['package']),
    name: textOf(result['name']),
    file: textOf(location['file']),
    line: Number(location['row'] ?? 1),
    verdict: skipped ? 'skipped' : failed ? 'failed' : 'passed',
    durationMs: Number(result['duration'] ?? 0) / 1_000_000,
    cases: casesOf(result['sub_results'], []),
    error: error === undefined ? undefined : textOf(objectOf(error)['message']),
    printed: Buffer.from(printed, 'base64').toString('utf8').trimEnd(),
  }
}

function casesOf(found: unknown, path: readonly string[]): OpaTest['cases'] {
  const passed: string[] = []
  const failed: string[] = []
  for (const [key, value] of Object.entries(objectOf(found))) {
    const [one, at] = [objectOf(value), [...path, key]]
    if (one['sub_results'] !== undefined) {
      const inner = casesOf(one['sub_results'], at)
      passed.push(...inner.passed)
      failed.push(...inner.failed)
    } else {
      ;(one['fail'] === true ? failed : passed).push(at.join('/'))
    }
  }
  return { passed: passed.sort(), failed: failed.sort() }
}

function withoutEmptyEnds(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line !== '')
  const last = lines.findLastIndex((line) => line !== '')
  return first < 0 ? [] : lines.slice(first, last + 1)
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
