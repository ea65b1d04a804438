// Go's strconv.Quote and its kin: texts and characters as Go source, what does not print escaped.

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

// strconv.Quote.
export function quoted(text: string): string {
  return `"${[...text].map((character) => escaped(character, '"', isPrinted)).join('')}"`
}

// strconv.QuoteToASCII.
export function quotedAscii(text: string): string {
  return `"${[...text].map((character) => escaped(character, '"', isAscii)).join('')}"`
}

// strconv.QuoteRune, and QuoteRuneToASCII.
export function quotedRune(character: string, ascii: boolean): string {
  return `'${escaped(character, "'", ascii ? isAscii : isPrinted)}'`
}

// strconv.CanBackquote.
export function canBackquote(text: string): boolean {
  return [...text].every((character) => {
    const code = codeOf(character)
    return character === '\t' || (code >= 0x20 && code !== 0x7f && code !== 0xfeff && code !== 0x60)
  })
}

// strconv.IsPrint.
export function isPrinted(character: string): boolean {
  return /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)
}

function isAscii(character: string): boolean {
  return character >= ' ' && character <= '~'
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

function escaped(character: string, quote: string, stays: (one: string) => boolean): string {
  const escape = ESCAPES[character]
  if (escape !== undefined) return escape
  if (character === quote) return `\\${quote}`
  if (stays(character)) return character
  const code = codeOf(character)
  const hex = (width: number): string => code.toString(16).padStart(width, '0')
  if (code < 0x20 || code === 0x7f) return `\\x${hex(2)}`
  return code < 0x1_0000 ? `\\u${hex(4)}` : `\\U${hex(8)}`
}
