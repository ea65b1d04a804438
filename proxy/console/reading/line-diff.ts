// Two texts line by line: what was taken away, what came, and what stayed around it. For texts of some
// thousand lines; of longer ones the middle is told as replaced.

export type DiffLine = {
  readonly kind: 'same' | 'gone' | 'new' | 'skipped'
  readonly text: string
}

const CELLS_MAX = 4_000_000
const AROUND = 3

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end))
    end += 1
  const middle = middleDiff(a.slice(start, a.length - end), b.slice(start, b.length - end))
  const same = (lines: readonly string[]): DiffLine[] =>
    lines.map((text) => ({ kind: 'same', text }))
  return around([...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))])
}

// Longest common subsequence, by the table.
function middleDiff(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: 'gone', text })
  const come = (text: string): DiffLine => ({ kind: 'new', text })
  if (a.length * b.length > CELLS_MAX) return [...a.map(gone), ...b.map(come)]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left })
      i += 1
      j += 1
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(gone(left))
      i += 1
    } else if (right !== undefined) {
      lines.push(come(right))
      j += 1
    }
  }
  return lines
}

// Only what is near a change.
function around(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Uint8Array(lines.length)
  for (const [at, { kind }] of lines.entries()) {
    if (kind === 'same') continue
    near.fill(1, Math.max(0, at - AROUND), Math.min(lines.length, at + AROUND + 1))
  }
  const shown: DiffLine[] = []
  for (const [at, line] of lines.entries()) {
    if (near[at] === 1) shown.push(line)
    else if (shown.at(-1)?.kind !== 'skipped') shown.push({ kind: 'skipped', text: '' })
  }
  return shown
}
