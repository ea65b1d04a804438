// What a folder of policies says about labels: its rules for columns with their places, and which labels its
// Rego and its other data speak of at all.
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathSteps } from '../../engine/facts/postgres/json-path.js'
import type { LabelRule } from '../../engine/policy/policy.js'
import { openLibrary, regoFiles } from '../policies/check/library.js'
import type { PolicyFolder } from '../policies/folder.js'

export type PlacedLabelRule = {
  readonly rule: LabelRule
  readonly file: string
  readonly line: number
  readonly column: number
}

export type LabelData = {
  readonly rules: readonly PlacedLabelRule[]
  // Entries that are no rules; the gateway would refuse such a bundle.
  readonly broken: readonly Omit<PlacedLabelRule, 'rule'>[]
  // Of the list of rules.
  readonly place: { readonly file: string; readonly line: number; readonly column: number }
  // Whether any rule, or data other than these, speaks of the label.
  readonly isSpokenOf: (label: string) => boolean
}

// Where `scan --write` adds, relative to the folder.
export function ruleFileOf(folder: PolicyFolder): string {
  return relative(folder.root, join(folder.data, 'labels', 'data.yaml'))
}

export async function readLabelData(folder: PolicyFolder): Promise<LabelData> {
  const { data } = await openLibrary(folder, [])
  const placed = (path: readonly (string | number)[]): LabelData['place'] => {
    const { file, at } = data.placeOf(path)
    return { file, line: at.line, column: at.column }
  }
  const columns = data.at(['labels', 'columns'])
  const rules: PlacedLabelRule[] = []
  const broken: Omit<PlacedLabelRule, 'rule'>[] = []
  for (const [at, rule] of (Array.isArray(columns) ? columns : []).entries()) {
    const place = placed(['labels', 'columns', at])
    if (isRule(rule)) rules.push({ rule, ...place })
    else broken.push(place)
  }
  for (const { file, at } of data.broken) broken.push({ file, line: at.line, column: at.column })
  const spoken = await textsOfRules(folder)
  for (const word of textsOfData(data.at([]))) spoken.add(word)
  return {
    rules,
    broken,
    place: placed(['labels', 'columns']),
    isSpokenOf: (label) => spoken.has(label),
  }
}

function isRule(value: unknown): value is LabelRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { column, labels, path, ...rest } = value as Readonly<Record<string, unknown>>
  return (
    typeof column === 'string' &&
    (path === undefined || (typeof path === 'string' && pathSteps(path) !== undefined)) &&
    Array.isArray(labels) &&
    labels.every((label) => typeof label === 'string' && label !== '') &&
    Object.entries(rest).every(
      ([key, pattern]) =>
        ['database', 'schema', 'table'].includes(key) && typeof pattern === 'string',
    )
  )
}

// All that stands in quotes in Rego, outside of comments.
async function textsOfRules(folder: PolicyFolder): Promise<Set<string>> {
  const found = new Set<string>()
  for (const file of await regoFiles(folder)) {
    const text = await readFile(join(folder.root, file), 'utf8')
    for (const line of text.split('\n')) {
      for (const [, inner] of line.matchAll(/#.*$|"((?:[^"\\]|\\.)*)"|`([^`]*)`/g)) {
        if (inner !== undefined) found.add(inner)
      }
    }
  }
  return found
}

function textsOfData(data: unknown): readonly string[] {
  const walk = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => [key, ...walk(inner)])
  }
  if (typeof data !== 'object' || data === null) return []
  return Object.entries(data)
    .filter(([name]) => name !== 'labels')
    .flatMap(([, value]) => walk(value))
}
