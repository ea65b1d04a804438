// Runs all checks on a folder of policies. What cannot be read ends it at once; policies that are wrong are
// not evaluated, since that would only say the same in other words.
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { policyOf } from '../../../engine/policy/bundle.js'
import { buildBundle } from '../build.js'
import { noRules } from '../build-sources.js'
import type { PolicyFolder } from '../folder.js'
import { sorted, type Finding } from '../findings.js'
import { invariantFindings } from '../invariants/invariant-findings.js'
import { INVARIANTS_FILE } from '../invariants/read-invariants.js'
import { ran } from '../opa.js'
import { problem, type Check, type CheckInput } from './check.js'
import { CHECKS, EVALUATING } from './checks.js'
import { opaProblems } from './compiles.js'
import { entrypointPlace } from './entrypoints.js'
import { evaluated, FUEL_BUDGET, type FuelUsed } from './evaluation.js'
import { knowledgeOf } from './knowledge.js'
import { openLibrary, regoFiles } from './library.js'
import { regoFileOf, type RegoFile } from './rego-tree.js'

export type CheckReport = {
  readonly findings: readonly Finding[]
  readonly files: number
  // Where it came to that.
  readonly fuel?: FuelUsed
}

const OPA_MS = 120_000
const PARSERS = 4

// What files were read to, by name and text, for whoever checks again and again.
export type ParsedBefore = Map<string, string>

export async function checkPolicies(
  opa: string,
  folder: PolicyFolder,
  before: ParsedBefore = new Map(),
): Promise<CheckReport> {
  const run = (args: readonly string[]): Promise<string> =>
    ran(opa, args, { timeoutMs: OPA_MS, cwd: folder.root })
  const names = await regoFiles(folder)
  const files = await parsed(names, { run, root: folder.root, before })
  const broken = files === undefined ? await opaProblems(folder, run) : []
  const report = (findings: readonly Finding[]): CheckReport => ({
    findings: sorted(findings),
    files: names.length,
  })
  if (names.length === 0) {
    const place = { file: relative(folder.root, folder.policies), at: { line: 1, column: 1 } }
    const fix = 'name a folder of policies; “sallyport policy init DIR” makes one to begin with'
    return report([problem('undefined-entrypoint', place, noRules(folder), fix)])
  }
  if (files === undefined) return report(broken)
  const library = await openLibrary(folder, files)
  if (library.data.broken.length > 0) {
    return report(
      library.data.broken.map((one) =>
        problem('broken-data', one, `this cannot be read: ${one.message}`, 'correct the YAML'),
      ),
    )
  }
  const git = (args: readonly string[]): Promise<string> =>
    ran('git', args, { timeoutMs: OPA_MS, cwd: folder.root })
  const knowledge = knowledgeOf(library)
  const input = { library, knowledge, settings: folder.settings, opa: run, git }
  const findings = await found(CHECKS, input)
  if (findings.some(({ severity }) => severity === 'error')) return report(findings)
  findings.push(...(await found(EVALUATING, input)))
  if (findings.some(({ severity }) => severity === 'error')) return report(findings)
  try {
    const bytes = await buildBundle({ opa, folder: folder.root })
    // Whatever a gateway would refuse.
    const policy = await policyOf(bytes, { id: 1, fuel: folder.settings.fuel ?? FUEL_BUDGET })
    const { findings: more, fuel } = await evaluated(bytes, input)
    const invariants = folder.settings.invariants ?? INVARIANTS_FILE
    const broken = await invariantFindings(policy, bytes, invariants)
    return { ...report([...findings, ...more, ...broken]), fuel }
  } catch (cause) {
    return report([...findings, unbuilt(cause, input)])
  }
}

function unbuilt(cause: unknown, { library }: CheckInput): Finding {
  const why = cause instanceof Error ? cause.message : String(cause)
  const place = entrypointPlace(library, 'sallyport.main.decision')
  const message = `no gateway would take these policies: ${why}`
  return problem('broken-bundle', place, message, 'correct what it says')
}

async function found(checks: readonly Check[], input: CheckInput): Promise<Finding[]> {
  const all: Finding[] = []
  for (const check of checks) all.push(...(await check.run(input)))
  return saidOnce(all)
}

// The same thing is said once: where OPA and one of ours object to a line, ours knows more.
function saidOnce(findings: readonly Finding[]): Finding[] {
  const lineOf = ({ file, line }: Finding): string => `${file}:${line}`
  const ours = new Set(findings.filter(({ rule }) => rule !== 'broken-rego').map(lineOf))
  const left = findings.filter((one) => one.rule !== 'broken-rego' || !ours.has(lineOf(one)))
  const byWords = new Map<string, Finding>()
  for (const one of left) {
    // A field that there is not is found by OPA too, which stands first.
    const words = one.rule === 'unknown-field' ? `${one.rule} ${lineOf(one)}` : JSON.stringify(one)
    if (!byWords.has(words)) byWords.set(words, one)
  }
  return [...byWords.values()]
}

type Parsing = {
  readonly run: (args: readonly string[]) => Promise<string>
  readonly root: string
  readonly before: ParsedBefore
}

const PARSE = ['parse', '--format', 'json', '--json-include', 'locations']

// Undefined where one of them cannot be read; OPA's check says better what is wrong with it.
async function parsed(
  names: readonly string[],
  { run, root, before }: Parsing,
): Promise<readonly RegoFile[] | undefined> {
  const left = [...names]
  const printed = new Map<string, string>()
  const work = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const key = `${name}\n${await readFile(join(root, name), 'utf8')}`
      const text = before.get(key) ?? (await run([...PARSE, name]))
      before.set(key, text)
      printed.set(name, text)
    }
  }
  try {
    await Promise.all(Array.from({ length: PARSERS }, work))
  } catch {
    return undefined
  }
  return names.map((name) => regoFileOf(name, printed.get(name) ?? '{}'))
}
