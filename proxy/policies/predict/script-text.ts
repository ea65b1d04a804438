// A script as psql sends it: one message for each statement, the text exactly as psql cuts it (psqlscan.l of
// PostgreSQL), so that digests are those of production. What psql does itself, its backslash commands and the
// data of COPY FROM stdin, is told and not read.

export type Message = {
  readonly text: string
  // Where it begins in the file, from 1; columns count characters.
  readonly line: number
  readonly column: number
}

export type Unread = { readonly line: number; readonly column: number; readonly what: string }

export type ScriptText = {
  readonly messages: readonly Message[]
  readonly unread: readonly Unread[]
}

// Backslash commands that send what stands before them.
const SENDING = /^\\(g|gx|gset|gexec|gdesc|crosstabview|watch|bind)\b/

export function scriptText(text: string): ScriptText {
  const messages: Message[] = []
  const unread: Unread[] = []
  // Start of the statement; -1 between statements.
  let start = -1
  let depth = 0
  let routine = createRoutineWords()
  let at = 0
  const place = (offset: number): { line: number; column: number } => placeIn(text, offset)
  const end = (to: number): void => {
    if (start >= 0 && to > start) messages.push({ text: text.slice(start, to), ...place(start) })
    start = -1
    depth = 0
    routine = createRoutineWords()
  }
  while (at < text.length) {
    const rest = text.slice(at, at + 2)
    const character = text[at] ?? ''
    if (/\s/.test(character)) at += 1
    else if (rest === '--') at = lineEnd(text, at)
    else if (character === '\\' && rest !== '\\;' && rest !== '\\:') {
      const to = lineEnd(text, at)
      const command = text.slice(at, to).trim()
      unread.push({
        ...place(at),
        what: `${command.split(/\s/)[0] ?? ''} is psql’s own: ${whyUnread(command)}`,
      })
      if (SENDING.test(command)) end(at)
      at = to
    } else if (rest === '\\;') {
      // Both go in one message.
      if (start < 0) start = at
      at += 2
    } else if (character === ';' && depth === 0 && routine.depth() === 0) {
      if (start < 0) {
        at += 1
        continue
      }
      const statement = text.slice(start, at)
      end(at + 1)
      at += 1
      if (/^\s*copy\b[\s\S]*\bfrom\s+(stdin|pstdin)\b/i.test(statement)) {
        const from = lineEnd(text, at)
        const to = dataEnd(text, from)
        unread.push({ ...place(from + 1), what: 'the data of COPY FROM stdin is not read' })
        at = to
      }
    } else {
      if (start < 0) start = at
      const variable = variableAt(text, at)
      if (variable !== undefined) {
        const what = `${variable} is a variable of psql, whose value is not known here`
        unread.push({ ...place(at), what })
      }
      if (character === '(' || character === '[') depth += 1
      if (character === ')' || character === ']') depth = Math.max(0, depth - 1)
      const to = tokenEnd(text, at)
      routine.word(text.slice(at, to))
      at = to
    }
  }
  // psql sends what is left at the end of a file as well.
  const last = start < 0 ? '' : text.slice(start).trimEnd()
  if (last !== '') messages.push({ text: last, ...place(start) })
  return { messages, unread }
}

function whyUnread(command: string): string {
  if (/^\\i/.test(command)) return 'the file that it names is not read; predict it by itself'
  if (/^\\(c|connect)\b/.test(command)) return 'what follows is read as if still at the same target'
  if (/^\\copy\b/.test(command)) return 'it sends a COPY that is not read'
  if (SENDING.test(command)) return 'what stands before it is sent, its results are not used'
  return 'it is not read'
}

// `:name`, `:'name'`, `:"name"`; not a cast, an assignment or the bounds of a slice.
function variableAt(text: string, at: number): string | undefined {
  if (text[at] !== ':' || /[:\w\])]/.test(text[at - 1] ?? '')) return undefined
  const variable = /:(['"]?)[A-Za-z_]\w*\1/y
  variable.lastIndex = at
  return variable.exec(text)?.[0]
}

// Past a quoted text, a comment, a word or a single sign.
function tokenEnd(text: string, at: number): number {
  const character = text[at] ?? ''
  if (character === "'")
    return quoteEnd(
      text,
      at + 1,
      "'",
      /[eE]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? ''),
    )
  if (character === '"') return quoteEnd(text, at + 1, '"', false)
  if (text.startsWith('/*', at)) return blockEnd(text, at)
  const dollar = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
  dollar.lastIndex = at
  const tag = dollar.exec(text)?.[0]
  if (tag !== undefined) {
    const found = text.indexOf(tag, at + tag.length)
    return found < 0 ? text.length : found + tag.length
  }
  const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*/y
  word.lastIndex = at
  const found = word.exec(text)?.[0] ?? ''
  // The E of E'…' is looked at together with what follows.
  return at + Math.max(1, found.length)
}

function quoteEnd(text: string, from: number, quote: string, escapes: boolean): number {
  let at = from
  while (at < text.length) {
    if (escapes && text[at] === '\\') at += 2
    else if (text[at] !== quote) at += 1
    else if (text[at + 1] === quote) at += 2
    else return at + 1
  }
  return text.length
}

// Comments nest.
function blockEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length;) {
    if (text.startsWith('/*', at)) [depth, at] = [depth + 1, at + 2]
    else if (text.startsWith('*/', at)) {
      depth -= 1
      at += 2
      if (depth === 0) return at
    } else at += 1
  }
  return text.length
}

// BEGIN ATOMIC … END holds semicolons; psql counts it in CREATE FUNCTION and CREATE PROCEDURE alone.
function createRoutineWords(): {
  readonly word: (word: string) => void
  readonly depth: () => number
} {
  const first: string[] = []
  let depth = 0
  return {
    word(text) {
      const word = text.toLowerCase()
      if (!/^[a-z_]/.test(word)) return
      if (first.length < 4) first.push(word)
      const at = first[1] === 'or' && first[2] === 'replace' ? 3 : 1
      if (first[0] !== 'create' || !['function', 'procedure'].includes(first[at] ?? '')) return
      if (word === 'begin' || (word === 'case' && depth > 0)) depth += 1
      else if (word === 'end' && depth > 0) depth -= 1
    },
    depth: () => depth,
  }
}

function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from)
  return found < 0 ? text.length : found
}

// Data ends with a line of `\.`, or with the file.
function dataEnd(text: string, from: number): number {
  const found = /\n\\\.[ \t\r]*(?:\n|$)/g
  found.lastIndex = from
  const end = found.exec(text)
  return end === null ? text.length : end.index + end[0].length
}

function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: [...before.slice(before.lastIndexOf('\n') + 1)].length + 1 }
}
