// Which rules and data differ between two bundles, by their texts: what a reviewer should look at beside the
// decisions that differ.
import type { RuleChange } from './report.js'
import { ruleChunks, type RuleChunk } from './rule-chunks.js'

type Files = ReadonlyMap<string, Buffer>

export type Changes = {
  readonly listed: readonly RuleChange[]
  // Texts of rules that stand on one side only.
  readonly before: readonly RuleChunk[]
  readonly after: readonly RuleChunk[]
  // `environments.unprotected` …
  readonly data: readonly string[]
}

export function changesBetween(before: Files, after: Files): Changes {
  const [one, other] = [ruleChunks(before), ruleChunks(after)]
  const gone = without(one, other)
  const came = without(other, one)
  const data = changedPaths(dataOf(before), dataOf(after))
  const names = [...new Set([...gone, ...came].map(nameOf))].sort()
  const rules = names.map((id): RuleChange => {
    const places = came.filter((chunk) => nameOf(chunk) === id)
    const old = gone.filter((chunk) => nameOf(chunk) === id)
    const known = one.some((chunk) => nameOf(chunk) === id)
    const still = other.some((chunk) => nameOf(chunk) === id)
    return {
      id,
      what: !known ? 'added' : !still ? 'removed' : 'changed',
      places: (places.length > 0 ? places : old).map(({ file, line }) => `${file}:${line}`),
    }
  })
  const changed = data.map((path): RuleChange => ({
    id: `data.${path}`,
    what: 'changed',
    places: [],
  }))
  return { listed: [...rules, ...changed], before: gone, after: came, data }
}

// Rules without an id are named as the code names them.
function nameOf({ id, name }: RuleChunk): string {
  return id ?? name
}

// A text may stand several times; each stands for itself.
function without(chunks: readonly RuleChunk[], others: readonly RuleChunk[]): readonly RuleChunk[] {
  const left = new Map<string, number>()
  const keyOf = (chunk: RuleChunk): string => `${nameOf(chunk)}\n${chunk.text}`
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1)
  return chunks.filter((chunk) => {
    const count = left.get(keyOf(chunk)) ?? 0
    left.set(keyOf(chunk), count - 1)
    return count <= 0
  })
}

export function dataOf(files: Files): unknown {
  const text = files.get('data.json')?.toString('utf8')
  return text === undefined ? {} : (JSON.parse(text) as unknown)
}

// Down to the first list or plain value that differs.
function changedPaths(one: unknown, other: unknown, path = ''): readonly string[] {
  if (isMembers(one) && isMembers(other)) {
    return [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .sort()
      .flatMap((key) => changedPaths(one[key], other[key], path === '' ? key : `${path}.${key}`))
  }
  return JSON.stringify(one) === JSON.stringify(other) ? [] : [path]
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
