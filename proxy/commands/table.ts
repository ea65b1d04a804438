// Tables and colours for the terminal. Colours only where somebody looks, and never the only sign.
import type { Io } from './io.js'

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const
export type Colour = keyof typeof COLOURS
export type Paint = (colour: Colour, text: string) => string

export function paintFor(io: Io): Paint {
  const on = io.stdout.isTTY === true && io.env['NO_COLOR'] === undefined
  return (colour, text) => (on ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text)
}

export type Cell = { readonly text: string; readonly colour?: Colour }

// Columns as wide as their widest cell; the last is as long as it wants to be.
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  paint: Paint,
): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)),
  )
  const widths = head.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => [...(row[i]?.text ?? '')].length)),
  )
  const lineOf = (row: readonly Cell[], colour?: Colour): string =>
    row
      .map((cell, i) => {
        const pad = i === row.length - 1 ? 0 : (widths[i] ?? 0) - [...cell.text].length
        const shade = cell.colour ?? colour
        const text = shade === undefined ? cell.text : paint(shade, cell.text)
        return text + ' '.repeat(Math.max(0, pad))
      })
      .join('  ')
      .trimEnd()
  const lines = [
    lineOf(
      head.map((text) => ({ text })),
      'grey',
    ),
    ...cells.map((row) => lineOf(row)),
  ]
  return `${lines.join('\n')}\n`
}

// What came from a client must not steer the terminal: control characters, C1 included, line
// separators and changes of the writing direction become visible; long texts are cut.
export function plainText(text: string, charactersMax = Infinity): string {
  const flat = text
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\ufffd')
    .trim()
  const characters = [...flat]
  return characters.length <= charactersMax
    ? flat
    : `${characters.slice(0, charactersMax - 1).join('')}…`
}

export function instantOf(milliseconds: number): string {
  const instant = new Date(milliseconds)
  return Number.isNaN(instant.getTime()) ? '?' : instant.toISOString().replace('T', ' ')
}
