// The data of a folder of policies as rules see it, and where each value stands: `data.teams.approvers[0]`
// is found in `data/teams/data.yaml` with its line, so that a mistake in data is shown there.
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { isNode, LineCounter, parseDocument, type Document } from 'yaml'
import type { PolicyFolder } from '../folder.js'
import type { At } from './rego-tree.js'

export type DataPath = readonly (string | number)[]
export type DataPlace = { readonly file: string; readonly at: At }

export type Data = {
  readonly files: readonly string[]
  // Undefined where there is nothing.
  readonly at: (path: DataPath) => unknown
  readonly has: (path: DataPath) => boolean
  // Of the value, or of what stands nearest above it.
  readonly placeOf: (path: DataPath) => DataPlace
  // What could not be read.
  readonly broken: readonly (DataPlace & { readonly message: string })[]
}

type Read = {
  readonly file: string
  readonly prefix: readonly string[]
  readonly document: Document
  readonly lines: LineCounter
}

export async function readData(folder: PolicyFolder, files: readonly string[]): Promise<Data> {
  const documents: Read[] = []
  for (const file of files) {
    const lines = new LineCounter()
    const text = await readFile(join(folder.root, file), 'utf8')
    const below = relative(folder.data, dirname(join(folder.root, file)))
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    documents.push({ file, prefix: below === '' ? [] : below.split(sep), document, lines })
  }
  const whole = documents.reduce<unknown>((sum, { prefix, document }) => {
    const value = document.errors.length > 0 ? {} : (document.toJS() as unknown)
    return merged(sum, nested(prefix, value))
  }, {})
  return {
    files,
    at: (path) => valueAt(whole, path),
    has: (path) => valueAt(whole, path) !== undefined,
    placeOf: (path) => placeIn(documents, path),
    broken: documents.flatMap(({ file, document, lines }) =>
      document.errors.map(({ message, pos }) => ({
        file,
        message,
        at: atOffset(lines, pos[0]),
      })),
    ),
  }
}

function nested(prefix: readonly string[], value: unknown): unknown {
  return prefix.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
}

function merged(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other)) return other
  const result: Record<string, unknown> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    result[key] = Object.hasOwn(one, key) ? merged(one[key], value) : value
  }
  return result
}

function valueAt(value: unknown, path: DataPath): unknown {
  let current = value
  for (const part of path) {
    if (Array.isArray(current) && typeof part === 'number') current = current[part]
    else if (isObject(current) && Object.hasOwn(current, part)) current = current[part]
    else return undefined
  }
  return current
}

function placeIn(documents: readonly Read[], path: DataPath): DataPlace {
  const holding = documents
    .filter(({ prefix }) => prefix.every((name, at) => path[at] === name))
    .sort((one, other) => other.prefix.length - one.prefix.length)
  for (const { file, prefix, document, lines } of holding) {
    const below = path.slice(prefix.length)
    const node = document.getIn(below, true)
    if (isNode(node) && node.range) return { file, at: atOffset(lines, node.range[0]) }
  }
  const [nearest] = holding
  if (path.length > 0 && (nearest === undefined || path.length > nearest.prefix.length)) {
    return placeIn(documents, path.slice(0, -1))
  }
  const file = nearest?.file ?? documents[0]?.file ?? 'data'
  return { file, at: { line: 1, column: 1 } }
}

function atOffset(lines: LineCounter, offset: number): At {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
