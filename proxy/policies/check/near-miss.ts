// Which of the known words somebody probably meant.

const NAMED_MAX = 8
// Of a word that is the beginning of another.
const BEGUN_LEAST = 5

// `did you mean “update”?`, or the words that there are, or some of them.
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? `it is one of ${listed(known)}` : `did you mean “${near}”?`
}

export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = word.length < 4 ? 1 : Math.floor(word.length / 3)
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const begun = known.find(
    (one) =>
      word.length >= BEGUN_LEAST &&
      (one.startsWith(word) || (word.startsWith(one) && one.length >= BEGUN_LEAST)),
  )
  let best: string | undefined
  let least = most + 1
  for (const one of known) {
    const distance =
      plain(one) === plain(word) ? 0 : stepsBetween(word.toLowerCase(), one.toLowerCase())
    if (distance < least) [best, least] = [one, distance]
  }
  return best ?? begun
}

export function listed(words: readonly string[]): string {
  const shown = words.slice(0, NAMED_MAX).map((word) => `“${word}”`)
  const more = words.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

// Letters added, left out, changed, or two swapped.
function stepsBetween(one: string, other: string): number {
  let [older, previous]: [readonly number[], readonly number[]] = [[], range(other.length + 1)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1
      const steps = [(previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost]
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (isSwap) steps.push((older[j - 2] ?? 0) + 1)
      row.push(Math.min(...steps))
    }
    ;[older, previous] = [previous, row]
  }
  return previous[other.length] ?? 0
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, at) => at)
}
