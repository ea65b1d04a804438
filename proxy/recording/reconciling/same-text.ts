// Whether a statement in a target's log is the one that the record holds. Protected literals are '…' in the
// record, and several statements of one message are one text in the log.

const HIDDEN = '…'
const GAP = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/

export function plainStatement(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/^[\s;]+/, '')
    .replace(/[\s;]+$/, '')
}

// Only blanks, comments and semicolons: it asks for nothing.
export function isEmptyStatement(text: string): boolean {
  return GAP.exec(text)?.[0].length === text.length
}

export function isSameText(recorded: string, logged: string, redacted: boolean): boolean {
  const [mine, theirs] = [plainStatement(recorded), plainStatement(logged)]
  if (mine === theirs) return true
  return redacted && placeAfter(mine, theirs, 0, true) === theirs.length
}

// How many of these commands, in their order, the text of one message consists of; 0 where it does not
// begin with the first of them, or holds more than they are.
export function commandsIn(
  logged: string,
  commands: readonly { readonly text: string; readonly redacted: boolean }[],
): number {
  const text = plainStatement(logged)
  let at = 0
  let found = 0
  for (const { text: recorded, redacted } of commands) {
    const mine = plainStatement(recorded)
    if (mine === '') break
    const next = placeAfter(mine, text, at, redacted)
    if (next < 0) break
    found += 1
    at = next
    const gap = GAP.exec(text.slice(at))?.[0].length ?? 0
    at += gap
    if (at >= text.length) return found
  }
  return 0
}

// Where the recorded text, found at this place, ends in the other; -1 where it is not there.
function placeAfter(mine: string, text: string, from: number, redacted: boolean): number {
  if (!redacted) return text.startsWith(mine, from) ? from + mine.length : -1
  const pieces = mine.split(HIDDEN)
  const [first = '', ...rest] = pieces
  if (!text.startsWith(first, from)) return -1
  let at = from + first.length
  for (const [index, piece] of rest.entries()) {
    // What was hidden ends with the text where nothing follows it.
    if (piece === '' && index === rest.length - 1) return text.length
    const next = text.indexOf(piece, at)
    if (next < 0) return -1
    at = next + piece.length
  }
  return at
}
