// One small change of a policy, as an edit of its source text: so it can be tried by writing the file, and
// shown as a difference of lines that anybody can read.

export const CHANGES = [
  'drop',
  'negate',
  'compare',
  'shrink',
  'some',
  'remove',
  'swap',
  'number',
  'data',
] as const

// What was done. `drop`: a condition taken out. `negate`: the opposite of a condition. `compare`: another
// comparison. `shrink`: a set or list without one element. `some`: one instead of every. `remove`: a rule
// taken out. `swap`: another word of the same closed field. `number`: one more. `data`: an entry of
// data.yaml taken out or changed.
export type Change = (typeof CHANGES)[number]

export type Mutant = {
  // As OPA names it, relative to the folder of policies.
  readonly file: string
  // From 1.
  readonly line: number
  readonly column: number
  // The rule's id, else its full name; of data its path.
  readonly rule: string
  readonly change: Change
  // Characters of the file's text from `from` up to and without `to` become `text`.
  readonly from: number
  readonly to: number
  readonly text: string
  readonly diff: Difference
}

export type Difference = { readonly before: readonly string[]; readonly after: readonly string[] }

export type Edit = Pick<Mutant, 'from' | 'to' | 'text'>

export function mutated(text: string, { from, to, text: put }: Edit): string {
  return text.slice(0, from) + put + text.slice(to)
}

export function mutantOf(
  source: { readonly file: string; readonly text: string },
  rule: string,
  change: Change,
  edit: Edit,
): Mutant {
  const { file, text } = source
  const before = text.slice(0, edit.from)
  const line = before.split('\n').length
  const column = edit.from - (before.lastIndexOf('\n') + 1) + 1
  const { from, to, text: put } = edit
  return { file, line, column, rule, change, from, to, text: put, diff: differenceOf(text, edit) }
}

// The lines that differ, without what is alike at both ends.
function differenceOf(text: string, edit: Edit): Difference {
  const start = text.lastIndexOf('\n', edit.from - 1) + 1
  const end = text.indexOf('\n', edit.to)
  const stop = end < 0 ? text.length : end
  const before = text.slice(start, stop).split('\n')
  const after = (text.slice(start, edit.from) + edit.text + text.slice(edit.to, stop)).split('\n')
  while (before.length > 0 && after.length > 0 && before[0] === after[0]) {
    before.shift()
    after.shift()
  }
  while (before.length > 0 && after.length > 0 && before.at(-1) === after.at(-1)) {
    before.pop()
    after.pop()
  }
  return { before, after: after.filter((line) => line.trim() !== '') }
}

// The same on every machine, so that a sample can be repeated.
export function mutantKey({ file, line, column, change, text }: Mutant): string {
  return `${file}:${line}:${column} ${change} ${text}`
}
