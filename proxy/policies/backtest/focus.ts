// Which rules a change is about: those whose text differs, and those that name a helper or data that differs.
// Around them, situations are made of all that they speak of.
import type { Changes } from './rule-changes.js'
import type { RuleChunk } from './rule-chunks.js'
import { vocabularyOf, type Vocabulary } from './vocabulary.js'

// Beyond this, pairs and triples must do.
const FOCUS_MAX = 60

type Side = {
  readonly all: readonly RuleChunk[]
  readonly changed: readonly RuleChunk[]
  readonly data: unknown
}

export function focusVocabularies(
  changes: Changes,
  before: Omit<Side, 'changed'>,
  after: Omit<Side, 'changed'>,
): readonly Vocabulary[] {
  const sides: readonly Side[] = [
    { ...before, changed: changes.before },
    { ...after, changed: changes.after },
  ]
  return sides
    .flatMap((side) =>
      rulesAbout(side, changes.data).map((rule) => vocabularyOf([rule], side.all, side.data)),
    )
    .slice(0, FOCUS_MAX)
}

function rulesAbout({ all, changed }: Side, data: readonly string[]): readonly RuleChunk[] {
  // A name that begins with _ is of its own file's package; others are known everywhere.
  const names = changed.filter((chunk) => !speaks(chunk)).map(({ name }) => name)
  const touched = new Set(names)
  // Helpers that name a helper that differs, and so on.
  for (let round = 0; round < 4; round += 1) {
    for (const chunk of all) {
      if (!speaks(chunk) && (uses(chunk, touched) || looksUp(chunk, data))) touched.add(chunk.name)
    }
  }
  return all.filter(
    (chunk) =>
      speaks(chunk) && (changed.includes(chunk) || uses(chunk, touched) || looksUp(chunk, data)),
  )
}

// Rules that add to a decision themselves.
function speaks({ name }: RuleChunk): boolean {
  return /^(deny|hold|allow|mask|mask_rule)(\.\w+)?$/.test(name)
}

function uses({ text }: RuleChunk, names: ReadonlySet<string>): boolean {
  for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) if (names.has(name)) return true
  return false
}

function looksUp({ text }: RuleChunk, paths: readonly string[]): boolean {
  for (const [, found = ''] of text.matchAll(/\bdata\.([\w.]+)/g)) {
    if (paths.some((path) => path.startsWith(found) || found.startsWith(path))) return true
  }
  return false
}
