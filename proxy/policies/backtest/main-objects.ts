// What a command is about, for tables and for expected flips: the objects that it changes, or, where it
// changes nothing, those that it reads.
import type { CommandFacts, Effect } from '../../../engine/schemas/facts.js'

const OBJECTS_MAX = 20

export function mainObjects({ effects }: Pick<CommandFacts, 'effects'>): readonly string[] {
  const changed = effects.filter(changes)
  const about = changed.length > 0 ? changed : effects
  const names = about.map(({ object, op }) => (object === '' ? `(${op})` : object))
  return [...new Set(names)].sort().slice(0, OBJECTS_MAX)
}

function changes({ op, detail }: Effect): boolean {
  if (op === 'call') return detail !== 'immutable' && detail !== 'stable'
  return !['read', 'explain', 'transaction', 'set', 'lock', 'listen', 'copy_out'].includes(op)
}
