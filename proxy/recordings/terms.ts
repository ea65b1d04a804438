// What is recorded of a command: what its decision asks for, and for whatever that leaves open what the
// configuration says.
import type { Decision } from '../../engine/schemas/decision.js'
import type { RecordTerms } from '../session-tape.js'

export function termsFrom(fallback: RecordTerms): (asked: Decision['record']) => RecordTerms {
  // Decisions are shared by the commands that repeat.
  const known = new WeakMap<object, RecordTerms>()
  return (asked) => {
    if (asked === undefined) return fallback
    const found = known.get(asked)
    if (found !== undefined) return found
    const { level, rows_max: rows, bytes_max: bytes, required } = asked
    const terms =
      level === 'results'
        ? { level, rows: rows ?? fallback.rows, bytes: bytes ?? fallback.bytes }
        : { level, rows: 0, bytes: 0 }
    const made = { ...terms, required: level !== 'none' && (required ?? fallback.required) }
    known.set(asked, made)
    return made
  }
}
