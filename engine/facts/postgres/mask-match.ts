// What a mask's `match` names: columns by label or by name, or values by their pattern.
import type { Mask } from '../../schemas/decision.js'

export type Pattern = 'ssn' | 'card' | 'email' | 'iban'

export const PATTERNS: readonly Pattern[] = ['ssn', 'card', 'email', 'iban']

// `label:pii` also names what is labelled `pii.ssn`. A column is spared by `except` only where each of its
// labels that matches is, or is said more precisely by another (`pii` beside `pii.email`).
export function isMatched(mask: Mask, column: string, labels: readonly string[]): boolean {
  const [kind, name = ''] = mask.match.split(/:(.*)/s)
  if (kind === 'column') return name === column
  if (kind !== 'label') return false
  const { except = [] } = mask
  const matching = labels.filter((label) => isWithin(label, name))
  if (except.length === 0) return matching.length > 0
  return matching.some(
    (label) =>
      !except.some((spared) => isWithin(label, spared)) &&
      !matching.some((other) => other !== label && isWithin(other, label)),
  )
}

function isWithin(label: string, name: string): boolean {
  return label === name || label.startsWith(`${name}.`)
}

export function isPattern(mask: Mask): boolean {
  return mask.match.startsWith('pattern:')
}

// undefined for a mask of columns, and for a name that is no pattern.
export function patternOf(mask: Mask): Pattern | undefined {
  if (!isPattern(mask)) return undefined
  const name = mask.match.slice('pattern:'.length)
  return PATTERNS.find((pattern) => pattern === name)
}
