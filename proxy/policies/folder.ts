// Where the parts of a folder of policies are. A policy repository says so in sallyport-policy.yaml; a folder
// without that file holds rules and data anywhere, and tests in `tests`. Reads that one file.
import { readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { policySettingsSchema, type PolicySettings } from '../../engine/schemas/policy-settings.js'
import { GatewayError } from '../errors.js'
import { createChecker } from '../schema-problems.js'
import { problemText, readDocument } from '../yaml-document.js'

export const SETTINGS_FILE = 'sallyport-policy.yaml'

export type PolicyFolder = {
  readonly root: string
  // Absolute. Equal to `root` in a folder without settings.
  readonly policies: string
  readonly data: string
  readonly tests: string
  readonly settings: PolicySettings
  // What to hand to `opa` run in `root`, so that it names files as their author does: everything that
  // makes up the policy, without tests; and what it must then leave out.
  readonly opaPaths: readonly string[]
  readonly opaIgnore: readonly string[]
}

const settingsChecker = createChecker<PolicySettings>(policySettingsSchema)

// Rejects with GatewayError('bundle_invalid') where there is no such folder or its settings do not fit.
export async function policyFolder(named: string): Promise<PolicyFolder> {
  const root = resolve(named)
  const found = await stat(root).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    throw new GatewayError('bundle_invalid', `there is no folder of policies at ${named}`)
  }
  const text = await readFile(join(root, SETTINGS_FILE), 'utf8').catch(absent)
  if (text === undefined) {
    return {
      root,
      policies: root,
      data: root,
      tests: join(root, 'tests'),
      settings: { version: 1 },
      opaPaths: ['.'],
      opaIgnore: ['.*', 'schemas', 'tests', '*_test.rego'],
    }
  }
  const settings = settingsOf(text, join(named, SETTINGS_FILE))
  const at = (name: string): string => inside(root, name)
  const [policies, data] = [at(settings.policies ?? 'policies'), at(settings.data ?? 'data')]
  const paths = [policies, data].map((path) => relative(root, path))
  return {
    root,
    policies,
    data,
    tests: at(settings.tests ?? 'tests'),
    settings,
    opaPaths: [...new Set(paths)],
    opaIgnore: ['.*', '*_test.rego'],
  }
}

function settingsOf(text: string, file: string): PolicySettings {
  const document = readDocument(text)
  if (!('value' in document)) throw wrong(document.map((one) => problemText(file, one)))
  const { value } = document
  if (settingsChecker.fits(value)) return value
  throw wrong(settingsChecker.problems(document).map((one) => problemText(file, one)))
}

function wrong(lines: readonly string[]): GatewayError {
  return new GatewayError('bundle_invalid', lines.join('\n'))
}

// Its own parts alone: a repository that reads elsewhere is another one on another machine.
function inside(root: string, name: string): string {
  const path = resolve(root, name)
  const within = relative(root, path)
  if (within === '' || within.startsWith('..')) {
    throw wrong([`${SETTINGS_FILE}: ${name} is not a folder below it`])
  }
  return path
}

function absent(problem: unknown): undefined {
  if (problem instanceof Error && 'code' in problem && problem.code === 'ENOENT') return undefined
  throw new GatewayError('bundle_invalid', `${SETTINGS_FILE} cannot be read`, { cause: problem })
}
