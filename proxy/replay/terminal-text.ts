// Recorded text on a terminal: nothing in it may steer the terminal, write backwards or hide, and every
// character takes the width that the terminal gives it, so that tables stay tables.

// Controls (C0, DEL, C1), what only formats (zero widths, changes of direction, tags), separators of lines, and
// halves of pairs.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u180e\u3164\uffa0]/gu
// Marks that would stand on top of what is before them, piled up without end.
const MARKS = /(\p{M}{2})\p{M}+/gu

// One line: what breaks lines is shown as a sign.
export function harmless(text: string): string {
  return text
    .replace(/\r\n|\n/g, '↵')
    .replace(/\t/g, ' ')
    .replace(UNSAFE, '\ufffd')
    .replace(MARKS, '$1')
}

// Several lines, as a statement was written.
export function harmlessLines(text: string): readonly string[] {
  return text.split(/\r\n|\n/).map((line) => harmless(line.replace(/\t/g, '    ')))
}

export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let width = 0
  let kept = ''
  for (const character of text) {
    width += characterWidth(character)
    if (width > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

export function padded(text: string, columns: number, right = false): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return right ? `${space}${text}` : `${text}${space}`
}

export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

// East Asian Wide and Fullwidth (UAX #11), and pictures.
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

function characterWidth(character: string): number {
  if (/\p{M}/u.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

// 1:02:03, or 4:05; of the film's time.
export function clockText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

export function spanText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`
  return clockText(milliseconds)
}
