// Command tests: what a client would meet who sends this text as this identity, by the gateway's own code
// and the bundle that is enforced, against names given as DDL.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { PolicySettings } from '../../../engine/schemas/policy-settings.js'
import { GatewayError } from '../../errors.js'
import { createRehearsing, type Rehearsal, type Rehearsed } from '../rehearsal/rehearse.js'
import { situationOf, type Situation } from '../rehearsal/situation.js'
import { commandOf } from './case-command.js'
import { metBy, metTogether, notMet, type Met } from './expected-answer.js'
import { factsInBrief } from './facts-in-brief.js'
import type { Outcome } from './outcome.js'
import type { CommandTables, PlacedCase } from './read-command-tests.js'

export type CommandTestOptions = {
  readonly tables: CommandTables
  readonly settings: PolicySettings
  readonly policy: Policy
  readonly catalogue: (target: string) => Promise<Catalogue>
  readonly only: RegExp | undefined
}

// One decision that a case asked for: coverage, and Wasm held against OPA, come from these.
export type Asked = {
  // Place in `outcomes` of the case that asked.
  readonly outcome: number
  readonly facts: Facts
  readonly entrypoint: Entrypoint
  readonly decision: Decision
}

export type CommandTestsRun = {
  readonly outcomes: readonly Outcome[]
  readonly asked: readonly Asked[]
}

const KIND = 'command'

export async function commandTests(options: CommandTestOptions): Promise<CommandTestsRun> {
  const { tables, only } = options
  const broken = tables.problems.map(({ file, line, text }): Outcome => ({
    kind: KIND,
    suite: file,
    name: 'the table can be read',
    file,
    line,
    verdict: 'failed',
    durationMs: 0,
    details: [text],
    summary: text,
  }))
  const wanted = tables.cases.filter(({ one, file }) => only?.test(`${file} ${one.name}`) ?? true)
  const rehearsing = wanted.length === 0 ? undefined : await createRehearsing()
  const outcomes: Outcome[] = [...broken]
  // Or why there is none: DDL that PostgreSQL refuses fails its cases, and no others.
  const catalogues = new Map<string, Promise<Catalogue | string>>()
  const catalogueOf = (target: string): Promise<Catalogue | string> => {
    const found = catalogues.get(target) ?? options.catalogue(target).catch(refusalOf)
    catalogues.set(target, found)
    return found
  }
  const asked: Asked[] = []
  for (const placed of wanted) {
    if (rehearsing === undefined) break
    const { one, target, file, line } = placed
    const base = { kind: KIND, suite: file, name: one.name, file, line } as const
    const names = await catalogueOf(target)
    if (typeof names === 'string') {
      const details = [`the names of target ${target} cannot be read: ${names}`]
      outcomes.push({ ...base, verdict: 'failed', durationMs: 0, details, summary: names })
      continue
    }
    const situation = situationFor(options.settings, placed)
    const entrypoint = one.degraded === true ? 'degraded' : 'decision'
    const started = performance.now()
    const found = await rehearsing.run(commandOf(one).text, names, situation, options.policy, {
      entrypoint,
      ...(one.message === undefined ? {} : { message: one.message }),
    })
    const durationMs = performance.now() - started
    for (const { facts, decision } of found.statements) {
      asked.push({ outcome: outcomes.length, facts, entrypoint, decision })
    }
    const details = problemsOf(placed, found)
    outcomes.push({
      ...base,
      verdict: details.length === 0 ? 'passed' : 'failed',
      durationMs,
      details,
      ...(details.length === 0 ? {} : { summary: summaryOf(details) }),
    })
  }
  return { outcomes, asked }
}

function situationFor(settings: PolicySettings, { one, as, target, atMs }: PlacedCase): Situation {
  const { groups, purpose, transaction, counters, grants } = one
  return situationOf(settings, {
    as,
    target,
    ...(atMs === undefined ? {} : { atMs }),
    ...(groups === undefined ? {} : { groups }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(counters === undefined ? {} : { counters }),
    ...(grants === undefined ? {} : { grants: grantsOf(grants) }),
  })
}

function refusalOf(problem: unknown): string {
  if (problem instanceof GatewayError) return problem.message
  throw problem
}

function grantsOf(grants: NonNullable<PlacedCase['one']['grants']>): Facts['grants'] {
  return grants.map(({ id, scope, approvers = [], rules, break_glass: broken }, at) => ({
    id: id ?? `grant-${at + 1}`,
    scope,
    approvers: [...approvers].sort(),
    ...(rules === undefined ? {} : { rules: [...rules].sort() }),
    ...(broken === undefined ? {} : { break_glass: broken }),
  }))
}

function problemsOf({ one }: PlacedCase, found: Rehearsal): readonly string[] {
  const { text } = commandOf(one)
  if (found.syntaxError !== undefined) {
    return [
      `command   ${inOneLine(text)}`,
      `came      ${found.syntaxError.message} (a syntax error)`,
    ]
  }
  if (found.statements.length === 0) return [`the text holds no statement: ${inOneLine(text)}`]
  const met = found.statements.map(metBy)
  const expected = one.statements
  const whole = notMet(one, metTogether(met, found.action))
  const problems = whole.length === 0 ? [] : described(whole, found.statements, met)
  if (expected === undefined) return problems
  if (expected.length !== met.length) {
    const count = `${expected.length} statements`
    return [...problems, `expected  ${count}`, `came      ${met.length}: ${texts(found)}`]
  }
  const each = found.statements.flatMap((statement, at): readonly string[] => {
    const [wanted, came] = [expected[at], met[at]]
    if (wanted === undefined || came === undefined) return []
    const wrong = notMet(wanted, came)
    return wrong.length === 0
      ? []
      : [`statement ${at + 1}`, ...described(wrong, [statement], [came])]
  })
  return [...problems, ...each]
}

function described(
  problems: readonly string[],
  statements: readonly Rehearsed[],
  met: readonly Met[],
): readonly string[] {
  const rules = new Map(met.flatMap((one) => one.rules.map((rule) => [rule.id, rule] as const)))
  return [
    ...problems,
    ...[...rules.values()].map(({ id, message }) => `said      ${id}: ${message}`),
    ...statements.flatMap(({ text, facts, rewritten }) => [
      `command   ${inOneLine(text)}`,
      ...(rewritten === undefined ? [] : [`became    ${inOneLine(rewritten)}`]),
      ...factsInBrief(facts).map((line) => `  ${line}`),
    ]),
  ]
}

function texts(found: Rehearsal): string {
  return found.statements.map(({ text }) => inOneLine(text)).join('; ')
}

function inOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

function summaryOf(details: readonly string[]): string {
  return details
    .filter((line) => /^(expected|came) /.test(line))
    .map((line) => line.replace(/\s+/g, ' '))
    .join('; ')
}
