// Reads YAML that somebody wrote strictly (YAML 1.2, core schema) and keeps the place of every value, so
// that an error found later can be pointed at. Aliases are refused: they save typing in a file of this
// size, and are how a few lines become gigabytes.
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'

export type Place = { readonly line: number; readonly column: number }
export type PathSteps = readonly (string | number)[]

export type Problem = {
  readonly path: PathSteps
  readonly place: Place
  readonly found: string
  readonly allowed: string
}

export type ReadDocument = {
  readonly value: unknown
  // Of the value at the path; of the nearest one above it that exists, where there is none.
  readonly placeOf: (path: PathSteps) => Place
  // Of the key itself, for a key that should not be there.
  readonly placeOfKey: (path: PathSteps) => Place
}

export const YAML_BYTES_MAX = 262_144
// The schema is seven levels deep; the parser recurses.
const DEPTH_MAX = 24

export function readDocument(text: string): ReadDocument | readonly Problem[] {
  if (Buffer.byteLength(text) > YAML_BYTES_MAX) {
    return [atStart('a file of more than 256 KiB', 'at most 256 KiB')]
  }
  // Before the parser, which recurses on nesting.
  if (isTooDeep(text)) return [atStart('very deep nesting', `at most ${DEPTH_MAX} levels`)]
  const lines = new LineCounter()
  const place = (offset: number | undefined): Place => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    schema: 'core',
    version: '1.2',
    merge: false,
    prettyErrors: false,
    // Anything lower drops the error for a second document.
    logLevel: 'error',
  })
  const faults: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    path: [],
    place: place(error.pos[0]),
    found: yamlFault(error.code),
    allowed: 'YAML 1.2 without duplicate keys, tags or aliases',
  }))
  visit(document, (_, node) => {
    if (isAlias(node)) {
      faults.push({
        path: [],
        place: place(node.range?.[0]),
        found: 'an alias',
        allowed: 'the value written out',
      })
    }
  })
  if (faults.length > 0) return faults
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    placeOf: (path) => place(offsetOf(document.contents, path, 'value')),
    placeOfKey: (path) => place(offsetOf(document.contents, path, 'key')),
  }
}

export function problemText(file: string, { path, place, found, allowed }: Problem): string {
  const where = path.length === 0 ? '' : `${pathText(path)} `
  return `${file}: ${where}(${place.line}:${place.column}): found ${found}; allowed: ${allowed}`
}

export function pathText(path: PathSteps): string {
  return path
    .map((step, index) => {
      if (/^\d+$/.test(String(step))) return `[${step}]`
      return index === 0 ? String(step) : `.${step}`
    })
    .join('')
}

function atStart(found: string, allowed: string): Problem {
  return { path: [], place: { line: 1, column: 1 }, found, allowed }
}

// Both ways to nest: brackets of flow style, and indicators of block style on one line ("- - - a").
// Counts too much rather than too little; brackets in texts of a sane file do not come near.
function isTooDeep(text: string): boolean {
  let depth = 0
  let dashes = 0
  for (const character of text) {
    if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
    if (character === '\n') dashes = 0
    else if (character === '-' || character === '?' || character === ':') dashes++
    else if (character !== ' ' && character !== '\t') dashes = 0
    if (depth > DEPTH_MAX || dashes > DEPTH_MAX) return true
  }
  return false
}

// The parser's own messages quote the text around the fault, and that may be a secret.
function yamlFault(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'the same key twice'
    case 'MULTIPLE_DOCS':
      return 'more than one document'
    case 'TAB_AS_INDENT':
      return 'a tab as indentation'
    case 'BAD_INDENT':
      return 'an indentation that fits nothing above'
    case 'TAG_RESOLVE_FAILED':
      return 'a tag that is not known'
    default:
      return `text that is not YAML (${code.toLowerCase().replaceAll('_', ' ')})`
  }
}

function offsetOf(root: unknown, path: PathSteps, which: 'key' | 'value'): number | undefined {
  let node: unknown = root
  let offset = startOf(root)
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyOf(item.key) === String(step))
      if (pair === undefined) return offset
      offset = (last && which === 'value' ? startOf(pair.value) : undefined) ?? startOf(pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = startOf(node) ?? offset
    } else {
      return offset
    }
  }
  return offset
}

function keyOf(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined
}
