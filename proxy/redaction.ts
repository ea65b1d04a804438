// The text of a command as the record and the approver may see it. Where a statement touches labelled
// columns, or something in the text looks like a protected value, every literal gives way to '…'.
// What cannot be scanned with certainty is recorded by its length alone.

export type RecordedText = { readonly text: string; readonly redacted: boolean }

// Longer texts are cut: the digest in the facts still binds the whole.
const TEXT_MAX = 65_536

// Seven digits or more in a row or in groups, an e-mail address, an IBAN. Broad on purpose: a false
// alarm only hides a literal from the record.
const SUSPECT = /\d[\d -]{5,}\d|[^\s@']@[^\s@']+\.|\b[A-Za-z]{2}\d{2}[A-Za-z0-9 ]{10,}/

export function looksProtected(text: string): boolean {
  return SUSPECT.test(text)
}

export function recordedText(text: string, labelled: boolean): RecordedText {
  if (!labelled && !SUSPECT.test(text)) return { text: cut(text), redacted: text.length > TEXT_MAX }
  const hidden = withoutLiterals(text)
  return {
    text: hidden === undefined ? `(${text.length} characters, not shown)` : cut(hidden),
    redacted: true,
  }
}

function cut(text: string): string {
  if (text.length <= TEXT_MAX) return text
  return `${text.slice(0, TEXT_MAX)}… (${text.length} characters in all)`
}

// PostgreSQL's lexical structure (documentation 4.1.2, 4.1.5), standard_conforming_strings on: string
// constants in all forms, quoted identifiers (kept), comments (hidden: they are free text), numbers of
// more than four digits. undefined where the text ends inside one of them.
const TOKEN =
  /(?<comment>--[^\n\r]*)|(?<block>\/\*)|(?<quoted>"(?:[^"]|"")*")|(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(?<escape>[eE]'(?:[^'\\]|\\[\s\S]|'')*')|(?<string>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*')|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<param>\$\d+)|(?<number>\d[\d_a-fA-FxXoO]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)|(?<open>["'])|(?<other>[\s\S])/uy

export function withoutLiterals(text: string): string | undefined {
  let out = ''
  let at = 0
  while (at < text.length) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null || found.groups === undefined) return undefined
    const { groups } = found
    const token = found[0]
    let end = at + token.length
    if (groups['open'] !== undefined) return undefined
    if (groups['block'] !== undefined) {
      end = endOfBlock(text, at)
      if (end < 0) return undefined
      out += '/*…*/'
    } else if (groups['dollar'] !== undefined) {
      const close = text.indexOf(token, end)
      if (close < 0) return undefined
      end = close + token.length
      out += "'…'"
    } else if (groups['escape'] !== undefined || groups['string'] !== undefined) {
      out += "'…'"
    } else if (groups['comment'] !== undefined) {
      out += '--…'
    } else if (groups['number'] !== undefined && token.length > 4) {
      out += "'…'"
    } else {
      // An escape string that does not end: what follows would be taken for code.
      if (groups['word'] !== undefined && /^[eE]$/.test(token) && text[end] === "'")
        return undefined
      out += token
    }
    at = end
  }
  return out
}

// Block comments nest (documentation 4.1.5).
function endOfBlock(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length - 1; i++) {
    const two = text.slice(i, i + 2)
    if (two === '/*') {
      depth++
      i++
    } else if (two === '*/') {
      depth--
      i++
      if (depth === 0) return i + 1
    }
  }
  return -1
}
