// What OPA itself decides on many facts at once, to hold the Wasm against, and which rows that reached.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Facts } from '../../../engine/schemas/facts.js'
import { GatewayError } from '../../errors.js'
import { merged, rowsOf, type Rows } from './coverage.js'
import { programOutput } from './program-output.js'
import type { TestWorkspace } from './test-workspace.js'

export type OpaDecision =
  | {
      // [] where undefined.
      readonly decision: readonly unknown[]
      readonly degraded: readonly unknown[]
      // Ids of all rules of `deny` that speak, composed or not.
      readonly denials: readonly string[]
    }
  | { readonly error: string }

export type OpaDecisions = {
  readonly decisions: readonly OpaDecision[]
  readonly rows: Rows
}

const OPA_MS = 300_000
// OPA holds facts and answers in memory, a kilobyte or two each.
const TOGETHER_MAX = 2500

const ASK = `package sallyport_ask

answers := [answer |
	some facts in data.sallyport_situations
	answer := {
		"decision": [one | one := data.sallyport.main.decision with input as facts],
		"degraded": [one | one := data.sallyport.main.degraded with input as facts],
		"denials": [one | some one in data.sallyport_ask.denials with input as facts],
	}
]

denials contains object.get(rule, "id", "") if {
	some key in {"any"} | {effect.op | some effect in input.command.effects}
	some rule in data.sallyport.policies.deny[key]
}
`

export async function opaDecisions(
  opa: string,
  workspace: TestWorkspace,
  facts: readonly Facts[],
  { coverage }: { readonly coverage: boolean },
): Promise<OpaDecisions> {
  // Without any, coverage still tells which rows there are.
  if (facts.length === 0 && !coverage) return { decisions: [], rows: new Map() }
  if (facts.length <= TOGETHER_MAX) {
    const asked = await answersTo(opa, workspace, facts, coverage)
    if (typeof asked !== 'string') return asked
    if (facts.length === 0) throw new GatewayError('bundle_invalid', asked)
    if (facts.length === 1) return { decisions: [{ error: asked }], rows: new Map() }
  }
  // One that fails takes the others with it.
  const half = Math.ceil(facts.length / 2)
  const first = await opaDecisions(opa, workspace, facts.slice(0, half), { coverage })
  const second = await opaDecisions(opa, workspace, facts.slice(half), { coverage })
  return {
    decisions: [...first.decisions, ...second.decisions],
    rows: merged([first.rows, second.rows]),
  }
}

// Or why there are none.
async function answersTo(
  opa: string,
  { root, work: beside, policyPaths, policyIgnore }: TestWorkspace,
  facts: readonly Facts[],
  coverage: boolean,
): Promise<OpaDecisions | string> {
  const work = await mkdtemp(join(beside, 'ask-'))
  try {
    await writeFile(join(work, 'data.json'), JSON.stringify({ sallyport_situations: facts }))
    await writeFile(join(work, 'ask.rego'), ASK)
    const args = [
      'eval',
      '--format=json',
      ...policyIgnore.flatMap((pattern) => ['--ignore', pattern]),
      ...[...policyPaths, join(work, 'data.json'), join(work, 'ask.rego')].flatMap((path) => [
        '-d',
        path,
      ]),
      ...(coverage ? ['--coverage', '--coverage-runs='] : []),
      'data.sallyport_ask.answers',
    ]
    const said = await programOutput(opa, args, { cwd: root, timeoutMs: OPA_MS })
    const found = parsed(said.out)
    const value = found?.result?.[0]?.expressions?.[0]?.value
    if (value === undefined) {
      return found?.errors?.[0]?.message ?? (said.error || said.out).trim()
    }
    return { decisions: value, rows: rowsOf(found?.coverage) }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Printed = {
  readonly result?: readonly {
    readonly expressions?: readonly { readonly value?: readonly OpaDecision[] }[]
  }[]
  readonly errors?: readonly { readonly message?: string }[]
  readonly coverage?: unknown
}

function parsed(text: string): Printed | undefined {
  try {
    return JSON.parse(text) as Printed
  } catch {
    return undefined
  }
}
