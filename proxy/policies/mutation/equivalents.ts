// Mutants that their author knows to change nothing, said in a comment on the line:
// `# mutate: equivalent, because …`, or of some kinds of change alone, `# mutate: equivalent (drop, some),
// because …`. Those that no test notices are listed and not counted; a test that notices one shows the
// comment to be wrong. Without a reason the comment counts for nothing.
import { CHANGES, type Change, type Mutant } from './mutant.js'

const COMMENT = /#\s*mutate:\s*equivalent\s*(?:\(([^)]*)\))?,?\s*because\s+(\S.*)$/

// Of a mutant of this text: why it is equivalent, or undefined.
export function equivalenceOf(text: string, mutant: Mutant): string | undefined {
  const line = text.split('\n')[mutant.line - 1] ?? ''
  const found = COMMENT.exec(line)
  if (found === null) return undefined
  const [, kinds, reason] = found
  return kinds === undefined || changesIn(kinds).includes(mutant.change) ? reason : undefined
}

function changesIn(list: string): readonly Change[] {
  const words = list.split(/[\s,]+/)
  return CHANGES.filter((change) => words.includes(change))
}
