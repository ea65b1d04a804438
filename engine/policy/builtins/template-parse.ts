// Go's text/template, read: texts, actions, if, with, range and variables (text/template/parse). Named
// templates are not read: a policy has nowhere to define them.
import { NoAnswer } from './builtin.js'

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'value'; readonly value: string | boolean | bigint | number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }

// An operand with the fields that are asked of it.
export type Term = { readonly operand: Operand; readonly fields: readonly string[] }
export type Pipeline = {
  readonly declared: readonly string[]
  readonly assigns: boolean
  readonly commands: readonly (readonly Term[])[]
}
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | { readonly kind: 'break' | 'continue' }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipeline: Pipeline
      readonly body: readonly TemplateNode[]
      readonly otherwise: readonly TemplateNode[]
    }

const DEPTH_MAX = 50

type Piece = { readonly text: string } | { readonly action: string }
type Reading = { readonly pieces: readonly Piece[]; at: number; variables: string[] }

function fail(): never {
  throw new NoAnswer('no template')
}

export function parsedTemplate(text: string): readonly TemplateNode[] {
  const reading = { pieces: piecesOf(text), at: 0, variables: ['$'] }
  const { nodes, end } = list(reading, 0, false)
  return end === undefined ? nodes : fail()
}

// `{{- ` and ` -}}` take the white space beside them away; comments are nothing.
function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trim = false
  for (;;) {
    const open = text.indexOf('{{', at)
    const before = text.slice(at, open < 0 ? text.length : open)
    const trimmed = /^\{\{-\s/.test(text.slice(open, open + 4))
    let plain = trim ? before.trimStart() : before
    if (open >= 0 && trimmed) plain = plain.trimEnd()
    if (plain !== '') pieces.push({ text: plain })
    if (open < 0) return pieces
    const start = open + (trimmed ? 3 : 2)
    const comment = /^\s*\/\*[\s\S]*?\*\/(?:\s+-)?\}\}/.exec(text.slice(start))?.[0]
    const end = comment === undefined ? closing(text, start) : start + comment.length - 2
    const inner = text.slice(start, end)
    trim = /\s-$/.test(inner)
    if (comment === undefined) pieces.push({ action: trim ? inner.slice(0, -1) : inner })
    at = end + 2
  }
}

// The `}}` that stands in no text.
function closing(text: string, from: number): number {
  const token = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|\}\}|[\s\S]/gy
  token.lastIndex = from
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '}}') return found.index
  }
  return fail()
}

type List = { readonly nodes: readonly TemplateNode[]; readonly end: string | undefined }

// Up to the `end` or `else` that belongs to what began before.
function list(reading: Reading, depth: number, loop: boolean): List {
  if (depth > DEPTH_MAX) throw new RangeError('a template is nested too deeply')
  const nodes: TemplateNode[] = []
  for (let piece = reading.pieces[reading.at++]; piece; piece = reading.pieces[reading.at++]) {
    if ('text' in piece) {
      nodes.push({ kind: 'text', text: piece.text })
      continue
    }
    const action = piece.action.trim()
    const [, word = '', rest = ''] = /^(\w*)(?![$"`'])\s*([\s\S]*)$/.exec(action) ?? []
    if (word === 'end' || word === 'else') return { nodes, end: action }
    if (word === 'if' || word === 'with' || word === 'range') {
      nodes.push(control(reading, word, rest, { depth, loop }))
    } else if ((word === 'break' || word === 'continue') && rest === '') {
      if (!loop) fail()
      nodes.push({ kind: word })
    } else if (['template', 'define', 'block'].includes(word)) {
      throw new RangeError(`a template with ${word} is not supported`)
    } else {
      nodes.push({ kind: 'action', pipeline: pipelineIn(reading, action) })
    }
  }
  return { nodes, end: undefined }
}

function control(
  reading: Reading,
  kind: 'if' | 'with' | 'range',
  head: string,
  { depth, loop }: { readonly depth: number; readonly loop: boolean },
): TemplateNode {
  const known = reading.variables.length
  const pipeline = pipelineIn(reading, head)
  const { nodes: body, end } = list(reading, depth + 1, loop || kind === 'range')
  let otherwise: readonly TemplateNode[] = []
  const [, chained, rest = ''] = /^else\s+(if|with)\s+([\s\S]*)$/.exec(end ?? '') ?? []
  if (chained !== undefined && chained === kind) {
    otherwise = [control(reading, chained, rest, { depth: depth + 1, loop })]
  } else if (end === 'else') {
    const behind = list(reading, depth + 1, loop)
    if (behind.end !== 'end') fail()
    otherwise = behind.nodes
  } else if (end !== 'end') {
    fail()
  }
  // What was declared here is known no further.
  reading.variables = reading.variables.slice(0, known)
  return { kind, pipeline, body, otherwise }
}

type Tokens = { readonly list: readonly string[]; at: number; readonly reading: Reading }

const TOKEN =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|[-+]?(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)|\.[A-Za-z_]\w*|\.|\$\w*|[A-Za-z_]\w*|:=|=|[|(),]/y

function pipelineIn(reading: Reading, text: string): Pipeline {
  const list: string[] = []
  TOKEN.lastIndex = 0
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null) fail()
    list.push(/^\s/.test(found[0]) ? ' ' : found[0])
  }
  const tokens = { list: list.at(-1) === ' ' ? list.slice(0, -1) : list, at: 0, reading }
  const found = pipeline(tokens, 0)
  return tokens.at === tokens.list.length ? found : fail()
}

function skip(tokens: Tokens): void {
  if (tokens.list[tokens.at] === ' ') tokens.at++
}

function pipeline(tokens: Tokens, depth: number): Pipeline {
  if (depth > DEPTH_MAX) throw new RangeError('a template is nested too deeply')
  skip(tokens)
  const declared: string[] = []
  const rest = tokens.list.slice(tokens.at).join('')
  const head = /^(\$\w*)(?: ?, ?(\$\w*))? ?(:=|=)/.exec(rest)
  if (head !== null) {
    const [, first = '', second, sign] = head
    declared.push(first, ...(second === undefined ? [] : [second]))
    while (tokens.list[tokens.at] !== sign) tokens.at++
    tokens.at++
    if (sign === ':=') tokens.reading.variables.push(...declared)
    else if (declared.some((name) => !tokens.reading.variables.includes(name))) fail()
  }
  const commands: (readonly Term[])[] = []
  do {
    commands.push(command(tokens, depth))
  } while (tokens.list[tokens.at] === '|' && ++tokens.at > 0)
  return { declared, assigns: head?.[3] === '=', commands }
}

function command(tokens: Tokens, depth: number): readonly Term[] {
  const terms: Term[] = []
  for (;;) {
    skip(tokens)
    const token = tokens.list[tokens.at]
    if (token === undefined || token === '|' || token === ')') break
    terms.push(term(tokens, depth))
    // Operands stand apart.
    if (!/^(?: |\||\))$/.test(tokens.list[tokens.at] ?? ' ')) fail()
  }
  return terms.length === 0 ? fail() : terms
}

function term(tokens: Tokens, depth: number): Term {
  const token = tokens.list[tokens.at++] ?? ''
  const fields: string[] = []
  let operand: Operand
  if (token === '(') {
    operand = { kind: 'pipeline', pipeline: pipeline(tokens, depth + 1) }
    skip(tokens)
    if (tokens.list[tokens.at++] !== ')') fail()
  } else if (/^\.\w/.test(token) && !/^\.\d/.test(token)) {
    operand = { kind: 'dot' }
    fields.push(token.slice(1))
  } else {
    operand = simple(tokens, token)
  }
  while (/^\.[A-Za-z_]/.test(tokens.list[tokens.at] ?? '')) {
    if (operand.kind === 'value' || operand.kind === 'nil' || operand.kind === 'function') fail()
    fields.push((tokens.list[tokens.at++] ?? '').slice(1))
  }
  return { operand, fields }
}

const FUNCTIONS =
  /^(?:and|or|not|eq|ne|lt|le|gt|ge|len|index|slice|print|printf|println|html|js|urlquery|call)$/

function simple(tokens: Tokens, token: string): Operand {
  if (token === '.') return { kind: 'dot' }
  if (token === 'nil') return { kind: 'nil' }
  if (token === 'true' || token === 'false') return { kind: 'value', value: token === 'true' }
  if (token.startsWith('$')) {
    return tokens.reading.variables.includes(token) ? { kind: 'variable', name: token } : fail()
  }
  if (token.startsWith('`')) return { kind: 'value', value: token.slice(1, -1) }
  if (token.startsWith('"')) return { kind: 'value', value: unquoted(token) }
  if (token.startsWith("'")) {
    const [character = '', ...more] = unquoted(`"${token.slice(1, -1).replace(/"/g, '\\"')}"`)
    return more.length > 0
      ? fail()
      : { kind: 'value', value: BigInt(character.codePointAt(0) ?? 0) }
  }
  if (/^[-+]?(?:0[xX]|\d|\.\d)/.test(token)) return { kind: 'value', value: number(token) }
  return FUNCTIONS.test(token) ? { kind: 'function', name: token } : fail()
}

function number(token: string): bigint | number {
  const plain = token.replaceAll('_', '')
  const whole = /^([-+]?)(0[xX][\da-fA-F]+|\d+)$/.exec(plain)
  if (whole === null) return Number(plain)
  const value = BigInt(whole[2] ?? 0)
  return whole[1] === '-' ? -value : value
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
}

// strconv.Unquote.
function unquoted(token: string): string {
  return token
    .slice(1, -1)
    .replace(
      /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs,
      (_, x?: string, u?: string, long?: string, octal?: string, one = '') => {
        const hex = x ?? u ?? long
        if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
        if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
        return ESCAPES[one] ?? ('\\\'"'.includes(one) ? one : fail())
      },
    )
}
