// The file of label rules of a policy folder, data/labels/data.yaml: which rules stand in it and on which lines,
// and the same text with rules added at the end of the list. Everything that was there stays as it was.
import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml'
import type { LabelRule } from '../../engine/policy/policy.js'
import { GatewayError } from '../errors.js'

export type NewRule = { readonly rule: LabelRule; readonly because: string }

const EMPTY = `# Which columns hold what. A pattern speaks of one column name, in every schema and table unless it says
# otherwise; \`*\` matches any run of characters. Labels are what policies and masks speak of.
columns:
`

const COMMENT_WIDTH = 100

// Undefined where there is no such file.
export function readRuleFile(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new GatewayError('bundle_invalid', `${path} cannot be read`, { cause })
  })
}

// Throws GatewayError('bundle_invalid') where the file is not a list of rules in block style.
export function withRules(
  text: string | undefined,
  added: readonly NewRule[],
  file: string,
): string {
  const before = text ?? EMPTY
  const document = parseDocument(before)
  if (document.errors.length > 0) throw wrong(file, 'is not YAML; correct it first')
  if (added.length === 0) return before
  const after = inserted(before, document, added, file)
  // Names can be anything: what was written must be what is read.
  const rulesBefore = rulesIn(document)
  const rulesAfter = rulesIn(parseDocument(after))
  const meant = [...rulesBefore, ...added.map(({ rule }) => rule)]
  if (!isDeepStrictEqual(rulesAfter, meant)) {
    throw wrong(file, 'would not be read as it was written; add the rules by hand')
  }
  return after
}

function rulesIn(document: Document): readonly unknown[] {
  const value: unknown = document.toJS()
  const columns =
    typeof value === 'object' && value !== null && 'columns' in value ? value.columns : undefined
  return Array.isArray(columns) ? columns : []
}

function inserted(
  text: string,
  document: Document,
  added: readonly NewRule[],
  file: string,
): string {
  const { contents } = document
  if (contents === null) return `${ended(text)}columns:\n${blocksOf(added, 2)}`
  if (!isMap(contents)) throw wrong(file, 'is not a map with a list `columns`')
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'columns')
  if (pair === undefined) return `${ended(text)}columns:\n${blocksOf(added, 2)}`
  const list = pair.value
  if (isSeq(list) && list.flow !== true && list.items.length > 0) {
    const { at, indent } = endOf(list, text)
    const head = ended(text.slice(0, at))
    return `${head}${blocksOf(added, indent)}${text.slice(at)}`
  }
  if (isSeq(list) && list.items.length === 0) {
    const [from = 0, to = 0] = list.range ?? []
    const rest = text.slice(to).replace(/^[ \t]*\n?/, '\n')
    return `${text.slice(0, from).trimEnd()}${rest.replace(/^\n/, `\n${blocksOf(added, 2)}`)}`
  }
  if (isScalar(list) && list.value === null) {
    const key = isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0
    const colon = text.indexOf(':', key)
    const end = text.indexOf('\n', colon)
    const at = end < 0 ? text.length : end + 1
    return `${ended(text.slice(0, at))}${blocksOf(added, 2)}${text.slice(at)}`
  }
  throw wrong(file, 'must have `columns` as a list with one rule below the other')
}

// Behind the last line of the last rule; a comment that stands on that line belongs to it.
function endOf(list: YAMLSeq, text: string): { readonly at: number; readonly indent: number } {
  const start = list.range?.[0] ?? 0
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1)
  const last: unknown = list.items.at(-1)
  const node = isMap(last) || isScalar(last) || isSeq(last) ? last.range : undefined
  const end = lastContent(text, node?.[1] ?? text.length)
  const line = text.indexOf('\n', end)
  return { at: line < 0 ? text.length : line + 1, indent }
}

// A block's range may reach over the empty lines and comments after it.
function lastContent(text: string, end: number): number {
  let at = Math.min(end, text.length)
  for (;;) {
    const line = text.lastIndexOf('\n', at - 1) + 1
    const content = text.slice(line, at).trim()
    if ((content !== '' && !content.startsWith('#')) || line === 0) return at
    at = line - 1
  }
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function blocksOf(added: readonly NewRule[], indent: number): string {
  return added.map((one) => ruleText(one, indent)).join('')
}

export function ruleText({ rule, because }: NewRule, indent: number): string {
  const space = ' '.repeat(indent)
  const { labels, column, database, schema, table } = rule
  const parts = Object.entries({ database, schema, table, column }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${scalar(value)}`],
  )
  const lines = [...parts, `labels: [${labels.map(scalar).join(', ')}]`]
  const comment = foldedText(because, COMMENT_WIDTH - indent - 2)
  return [
    ...comment.map((line) => `${space}# ${line}\n`),
    ...lines.map((line, at) => `${space}${at === 0 ? '- ' : '  '}${line}\n`),
  ].join('')
}

function foldedText(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

// Plain where nobody could read it otherwise, else as JSON writes it, which YAML reads the same; what cannot be
// seen or turns the direction of writing is escaped.
function scalar(text: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text)
  if (isPlain && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)) return text
  return JSON.stringify(text).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped)
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

function wrong(file: string, what: string): GatewayError {
  return new GatewayError('bundle_invalid', `${file} ${what}`)
}
