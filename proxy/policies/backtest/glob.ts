// Names with `*` for any run of characters, as labels, expected flips and invariants write them.

// Of no pattern at all: everything fits.
export function globOf(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (patterns === undefined) return () => true
  const whole = patterns.map(patternOf)
  return (name) => whole.some((one) => one.test(name))
}

function patternOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}
