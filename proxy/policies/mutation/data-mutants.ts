// Changes of the data that rules read: a list without one of its entries, a number one more or less, true for
// false, another word of a closed field. What no rule names is left alone: labels of columns, for
// instance, are for the reading of commands.
import { posix } from 'node:path'
import { isCollection, isMap, isScalar, isSeq, parseDocument, type Pair, type YAMLSeq } from 'yaml'
import { otherWord, type ClosedWords } from './closed-words.js'
import { mutantOf, type Edit, type Mutant } from './mutant.js'
import { listOf, objectOf, wordOf, type Source } from './syntax.js'

export type DataFile = {
  // Relative to the folder of policies.
  readonly file: string
  // Where OPA puts what the file holds: `data/teams/data.yaml` is `teams`.
  readonly path: readonly string[]
  readonly text: string
}

// `within` is the folder that is handed to OPA.
export function dataPath(file: string, within: string): readonly string[] {
  const folder = posix.dirname(posix.relative(within, file))
  return folder === '.' ? [] : folder.split('/')
}

export function dataMutants(
  files: readonly DataFile[],
  sources: readonly Source[],
  words: ClosedWords,
): readonly Mutant[] {
  const read = sources.flatMap(({ tree }) => dataReads(tree))
  return files.flatMap(({ file, path, text }) => {
    const document = parseDocument(text, { logLevel: 'silent' })
    if (document.errors.length > 0) return []
    const found: Found[] = []
    gather(document.contents, path, found)
    return found
      .filter((one) => read.some((reading) => overlap(reading, one.path)))
      .flatMap((one) =>
        editsOf(text, one, words).map((edit) =>
          mutantOf({ file, text }, `data.${one.path.join('.')}`, 'data', edit),
        ),
      )
  })
}

// Each `data.…` that a file names, as far as it is not computed.
function dataReads(tree: unknown): readonly (readonly string[])[] {
  if (Array.isArray(tree)) return tree.flatMap(dataReads)
  const node = objectOf(tree)
  const own: (readonly string[])[] = []
  if (node['type'] === 'ref') {
    const [head, ...rest] = listOf(node['value'])
    const computed = rest.findIndex((part) => objectOf(part)['type'] !== 'string')
    const fixed = computed < 0 ? rest : rest.slice(0, computed)
    if (wordOf(head) === 'data') own.push(fixed.map(wordOf))
  }
  return [...own, ...Object.values(node).flatMap(dataReads)]
}

function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((word, at) => word === other[at])
}

type Found = { readonly node: unknown; readonly path: readonly string[] }

function gather(node: unknown, path: readonly string[], found: Found[]): void {
  if (isMap(node)) {
    for (const { key, value } of node.items as readonly Pair[]) {
      gather(value, [...path, isScalar(key) ? String(key.value) : ''], found)
    }
    return
  }
  found.push({ node, path })
  if (!isSeq(node)) return
  node.items.forEach((item) => {
    if (isCollection(item)) gather(item, path, found)
  })
}

function editsOf(text: string, { node, path }: Found, words: ClosedWords): readonly Edit[] {
  if (isSeq(node)) return shortened(text, node)
  if (!isScalar(node) || node.range === undefined || node.range === null) return []
  const [from, to] = node.range
  const { value } = node
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return [value + 1, value - 1].map((other) => ({ from, to, text: String(other) }))
  }
  if (typeof value === 'boolean') return [{ from, to, text: String(!value) }]
  if (typeof value !== 'string') return []
  const other = otherWord(words, path.at(-1) ?? '', value)
  return other === undefined ? [] : [{ from, to, text: other }]
}

function shortened(text: string, list: YAMLSeq): readonly Edit[] {
  const ranges = list.items.flatMap((item) => {
    const range = isScalar(item) || isCollection(item) ? item.range : undefined
    return range === undefined || range === null ? [] : [{ from: range[0], to: range[1] }]
  })
  if (ranges.length !== list.items.length || list.range === undefined || list.range === null)
    return []
  if (ranges.length === 1) return [{ from: list.range[0], to: list.range[1], text: '[]' }]
  return ranges.map(({ from, to }, at) => {
    const [before, next] = [ranges[at - 1], ranges[at + 1]]
    if (list.flow !== true) return wholeLines(text, from, next?.from ?? to)
    if (next !== undefined) return { from, to: next.from, text: '' }
    return { from: before?.to ?? from, to, text: '' }
  })
}

// From the entry's dash to that of the next, or to the end of its last line.
function wholeLines(text: string, from: number, to: number): Edit {
  const start = text.lastIndexOf('\n', from - 1) + 1
  const next = text.lastIndexOf('\n', to - 1) + 1
  if (next > from) return { from: start, to: next, text: '' }
  const end = text.indexOf('\n', to)
  return { from: start, to: end < 0 ? text.length : end + 1, text: '' }
}
