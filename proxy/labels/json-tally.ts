// Looks into sampled JSON: which kinds of values stand at which path below the column. Keys can be values too
// ({"ada@example.com": …}), so a path shows only keys that belong to the form of the documents: `*` else.
import { nameEvidence, type NameEvidence } from './name-evidence.js'
import { tallyOf, type Tally } from './tally.js'

export type JsonPath = {
  // Such as `contact.emails[]`; safe to print.
  readonly path: string
  readonly name: NameEvidence | undefined
  readonly tally: Tally
}

export type JsonTally = {
  readonly rows: number
  readonly documents: number
  readonly paths: readonly JsonPath[]
}

type Leaf = { readonly steps: readonly string[]; readonly value: string; readonly family: Family }
type Family = 'text' | 'number'

const DEPTH_MAX = 12
const LEAVES_MAX = 1000
const PATHS_MAX = 300
const KEY_FORM = /^[A-Za-z_][\w-]{0,39}$/
// A key is part of the form if it stands in one document of five, and in five at least.
const SHARE_LEAST = 0.2
const DOCUMENTS_LEAST = 5
const ITEM = '[]'
const ANY = '*'

export function jsonTallyOf(values: Iterable<string | null>, table: string): JsonTally {
  const documents: (readonly Leaf[])[] = []
  let rows = 0
  for (const value of values) {
    rows += 1
    if (value !== null) documents.push(leavesOf(value))
  }
  const known = keysOfForm(documents)
  const byPath = new Map<string, { steps: readonly string[]; family: Family; values: string[] }>()
  for (const { steps, value, family } of documents.flat()) {
    const shown = shownSteps(steps, known)
    const path = pathOf(shown)
    const found = byPath.get(path) ?? { steps: shown, family, values: [] }
    if (!byPath.has(path) && byPath.size >= PATHS_MAX) continue
    byPath.set(path, found)
    found.values.push(value)
  }
  const paths = [...byPath].map(([path, found]) => ({
    path,
    name: nameOf(found.steps, found.family, table),
    tally: tallyOf(found.values),
  }))
  return { rows, documents: documents.length, paths }
}

// Of a text that is no JSON, or was cut, the whole.
function leavesOf(text: string): readonly Leaf[] {
  const leaves: Leaf[] = []
  const walk = (value: unknown, steps: readonly string[], depth: number): void => {
    if (leaves.length >= LEAVES_MAX || depth > DEPTH_MAX) return
    if (typeof value === 'string') leaves.push({ steps, value, family: 'text' })
    else if (typeof value === 'number') {
      leaves.push({ steps, value: String(value), family: 'number' })
    } else if (Array.isArray(value)) {
      for (const item of value) walk(item, [...steps, ITEM], depth + 1)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (!KEY_FORM.test(key) && leaves.length < LEAVES_MAX) {
          leaves.push({ steps: [...steps, ANY], value: key, family: 'text' })
        }
        walk(item, [...steps, key], depth + 1)
      }
    }
  }
  try {
    walk(JSON.parse(text), [], 0)
  } catch {
    return [{ steps: [], value: text, family: 'text' }]
  }
  return leaves
}

function keysOfForm(documents: readonly (readonly Leaf[])[]): ReadonlySet<string> {
  const counts = new Map<string, number>()
  for (const leaves of documents) {
    const seen = new Set<string>()
    for (const { steps } of leaves) {
      for (const at of steps.keys()) seen.add(JSON.stringify(steps.slice(0, at + 1)))
    }
    for (const prefix of seen) counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  }
  const least = Math.max(DOCUMENTS_LEAST, documents.length * SHARE_LEAST)
  return new Set([...counts].filter(([, count]) => count >= least).map(([prefix]) => prefix))
}

function shownSteps(steps: readonly string[], known: ReadonlySet<string>): readonly string[] {
  return steps.map((step, at) => {
    if (step === ITEM || step === ANY) return step
    if (!KEY_FORM.test(step)) return ANY
    if (known.has(JSON.stringify(steps.slice(0, at + 1)))) return step
    return nameEvidence(step, 'text', '')?.whole === true ? step : ANY
  })
}

function pathOf(steps: readonly string[]): string {
  return steps.reduce((path, step) => {
    if (step === ITEM) return `${path}${ITEM}`
    return path === '' ? step : `${path}.${step}`
  }, '')
}

function nameOf(steps: readonly string[], family: Family, table: string): NameEvidence | undefined {
  const keys = steps.filter((step) => step !== ITEM && step !== ANY)
  const last = keys.at(-1)
  if (last === undefined) return undefined
  return nameEvidence(last, family, keys.at(-2) ?? table)
}
