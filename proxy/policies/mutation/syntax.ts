// The syntax tree that OPA prints for a file, joined with the file's text: each node that has a place is
// found again in the text, so that it can be edited there. Places are believed only where the text at
// them is the one that OPA names; all others are left alone.

export type Json = Readonly<Record<string, unknown>>

export type Span = { readonly from: number; readonly to: number }

export type Source = {
  readonly file: string
  readonly text: string
  // Such as `sallyport.policies`.
  readonly package: string
  readonly rules: readonly Json[]
  readonly tree: Json
  readonly spanOf: (node: unknown) => Span | undefined
}

// `printed` by `opa parse --format json --json-include locations`.
export function sourceOf(file: string, text: string, printed: string): Source {
  const module = objectOf(JSON.parse(printed))
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const spanOf = (node: unknown): Span | undefined => {
    const { row, col, text: encoded } = objectOf(objectOf(node)['location'])
    if (typeof row !== 'number' || typeof col !== 'number' || typeof encoded !== 'string') return
    const wanted = Buffer.from(encoded, 'base64').toString('utf8')
    const start = starts[row - 1]
    if (wanted === '' || start === undefined) return undefined
    const line = text.slice(start, starts[row] ?? text.length)
    // OPA counts bytes in some nodes and characters in others.
    const byBytes = Buffer.from(line)
      .subarray(0, col - 1)
      .toString('utf8').length
    const byCharacters = [...line].slice(0, col - 1).join('').length
    const from = [byCharacters, byBytes]
      .map((offset) => start + offset)
      .find((offset) => text.startsWith(wanted, offset))
    return from === undefined ? undefined : { from, to: from + wanted.length }
  }
  return {
    file,
    text,
    package: listOf(objectOf(module['package'])['path']).slice(1).map(wordOf).join('.'),
    rules: listOf(module['rules']).map(objectOf),
    tree: module,
    spanOf,
  }
}

// `input.command.effects` as words; undefined where a part is computed.
export function wordsOf(term: unknown): readonly string[] | undefined {
  const { type, value } = objectOf(term)
  if (type === 'var') return [String(value)]
  if (type !== 'ref') return undefined
  const parts = listOf(value).map(objectOf)
  const fixed = parts.every((part, at) => part['type'] === (at === 0 ? 'var' : 'string'))
  return fixed ? parts.map(wordOf) : undefined
}

// The operator or function of a call, given as the list of its terms.
export function calleeOf(terms: readonly unknown[]): string {
  return wordsOf(terms[0])?.join('.') ?? ''
}

export function wordOf(node: unknown): string {
  return String(objectOf(node)['value'] ?? '')
}

export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
