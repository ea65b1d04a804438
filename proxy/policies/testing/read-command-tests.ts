// The tables of command tests of a policy repository, read strictly: what does not fit is told with file,
// line and column, and nothing of a table that does not fit is run.
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import {
  commandTestsSchema,
  type CommandCase,
  type CommandTests,
} from '../../../engine/schemas/command-tests.js'
import type { PolicySettings } from '../../../engine/schemas/policy-settings.js'
import { createChecker } from '../../schema-problems.js'
import {
  problemText,
  readDocument,
  type PathSteps,
  type Problem,
  type ReadDocument,
} from '../../yaml-document.js'
import type { PolicyFolder } from '../folder.js'
import { commandProblems } from './case-command.js'

export type PlacedCase = {
  readonly file: string
  readonly line: number
  readonly as: string
  readonly target: string
  readonly atMs: number | undefined
  readonly one: CommandCase
}

export type CommandTables = {
  readonly cases: readonly PlacedCase[]
  // `file: path (line:column): found …; allowed: …`
  readonly problems: readonly TableProblem[]
}

export type TableProblem = { readonly file: string; readonly line: number; readonly text: string }

const EXPECTATIONS = [
  'action',
  'rules',
  'rules_include',
  'masked',
  'approvers',
  'statements',
] as const

const checker = createChecker<CommandTests>(commandTestsSchema)

export async function commandTables(folder: PolicyFolder): Promise<CommandTables> {
  const names = await readdir(folder.tests, { recursive: true }).catch(() => [])
  const tables = names.filter((name) => /\.commands\.ya?ml$/.test(name)).sort()
  const read = await Promise.all(
    tables.map(async (name) => {
      const path = join(folder.tests, name)
      const file = relative(folder.root, path)
      return tableOf(await readFile(path, 'utf8'), file, folder.settings)
    }),
  )
  return {
    cases: read.flatMap(({ cases }) => cases),
    problems: read.flatMap(({ problems }) => problems),
  }
}

export function tableOf(text: string, file: string, settings: PolicySettings): CommandTables {
  const told = (problems: readonly Problem[]): CommandTables => ({
    cases: [],
    problems: problems.map((one) => ({
      file,
      line: one.place.line,
      text: problemText(file, one),
    })),
  })
  const document = readDocument(text)
  if (!('value' in document)) return told(document)
  const strange = commandProblems(document)
  if (strange.length > 0) return told(strange)
  const { value } = document
  if (!checker.fits(value)) return told(checker.problems(document))
  const read = value.cases.map((one, at) => placed(value, one, at, file, document, settings))
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []))
  if (problems.length > 0) return told(problems)
  return { cases: read.flatMap((one) => ('one' in one ? [one] : [])), problems: [] }
}

function placed(
  table: CommandTests,
  one: CommandCase,
  index: number,
  file: string,
  document: ReadDocument,
  settings: PolicySettings,
): PlacedCase | { readonly problems: readonly Problem[] } {
  const path = ['cases', index] as const
  const problems: Problem[] = []
  const object = (at: PathSteps, found: string, allowed: string): void => {
    problems.push({ path: at, place: document.placeOf(at), found, allowed })
  }
  const named = (key: 'as' | 'target', known: Readonly<Record<string, unknown>> = {}): string => {
    const name = one[key] ?? table[key]
    const where = key === 'as' ? 'identities' : 'targets'
    const names = Object.keys(known)
    const allowed =
      names.length === 0
        ? `a name under ${where} in sallyport-policy.yaml, which has none yet`
        : `one of ${names.join(', ')} (${where} in sallyport-policy.yaml)`
    const at = key in one || !(key in table) ? [...path, key] : [key]
    if (name === undefined) object(at, 'nothing', `${allowed}, here or for the whole table`)
    else if (!Object.hasOwn(known, name)) object(at, `“${name}”`, allowed)
    return name ?? ''
  }
  const as = named('as', settings.identities)
  const target = named('target', settings.targets)
  const atMs = one.at === undefined ? undefined : timeOf(one.at)
  if (atMs !== undefined && Number.isNaN(atMs)) {
    object(
      [...path, 'at'],
      `“${one.at}”`,
      'a time as RFC 3339 has it, such as 2026-01-05T12:00:00Z',
    )
  }
  if (EXPECTATIONS.every((key) => one[key] === undefined)) {
    object(path, 'no expectation', `one of ${EXPECTATIONS.join(', ')}`)
  }
  if (problems.length > 0) return { problems }
  return { file, line: document.placeOf(path).line, as, target, atMs, one }
}

function timeOf(text: string): number {
  const fits = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
  return fits ? Date.parse(text) : Number.NaN
}
