// The client's own text so that the target computes on masked values, made where the answer itself cannot
// be masked. Making it costs milliseconds, and drivers prepare the same text again and again: what was
// made is kept, for as long as it holds.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import { spliced, type Spliced } from '../../../engine/facts/postgres/splice.js'
import type { Reading } from '../../../engine/facts/postgres/reading.js'
import type { Mask } from '../../../engine/schemas/decision.js'
import type { Rewriting } from '../../guard.js'
import { catalogueOf } from './context.js'
import type { RelayState } from './relay-state.js'

// Of one catalogue; then all are forgotten.
const KEPT_MAX = 500
const KEPT_TEXT_MAX = 8192

const kept = new WeakMap<Catalogue, Map<string, Spliced>>()

// One for the whole session: few commands ask for it.
export function rewritingOf(r: RelayState): Rewriting {
  r.rewriting ??= (text, masks) => rewrittenText(r, text, masks)
  return r.rewriting
}

export function rewrittenText(r: RelayState, text: string, masks: readonly Mask[]): Spliced {
  const { names } = r
  if (names === undefined) return { refused: 'the names of the database are not known' }
  const catalogue = catalogueOf(r)
  if (text.length > KEPT_TEXT_MAX) return made(r, text, masks, catalogue, names)
  let known = kept.get(catalogue)
  if (known === undefined || known.size >= KEPT_MAX) kept.set(catalogue, (known = new Map()))
  const key = JSON.stringify([text, masks, names.searchPath, names.role])
  let found = known.get(key)
  if (found === undefined) known.set(key, (found = made(r, text, masks, catalogue, names)))
  return found
}

function made(
  r: RelayState,
  text: string,
  masks: readonly Mask[],
  catalogue: Catalogue,
  names: NameContext,
): Spliced {
  const read = (rewritten: string): Reading => {
    const reading = r.parts.read(rewritten, catalogue, names)
    if (reading instanceof Promise) throw new Error('the rewritten text is too long')
    return reading
  }
  const keyed = r.connected.keyed === true
  return spliced(text, { catalogue, names, masks, keyed, read })
}
