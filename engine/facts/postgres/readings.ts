// Readings kept by text, for each catalogue and set of names they hold for. Bounded by two generations:
// when the young one is full it becomes the old one, and what is asked for again moves back.
import type { Catalogue, NameContext } from './catalogue.js'
import { READING_LIMITS } from './limits.js'
import type { Reading } from './reading.js'
import { templateKey } from './template.js'
import type { Template } from './template.js'

export type Readings = {
  readonly find: (text: string, catalogue: Catalogue, names: NameContext) => Reading | undefined
  readonly keep: (text: string, catalogue: Catalogue, names: NameContext, reading: Reading) => void
  readonly keepTemplate: (
    template: Template,
    catalogue: Catalogue,
    names: NameContext,
    reading: Reading,
  ) => void
}

type Shaped = { readonly reading: Reading; readonly length: number }

type Generation = { readonly texts: Map<string, Reading>; readonly shapes: Map<string, Shaped> }

type Place = { young: Generation; old: Generation }

export function createReadings(): Readings {
  // A catalogue is never changed after it was built, so that it can be a key itself; readings of one
  // that is gone go with it.
  let places = new WeakMap<Catalogue, Map<string, Place>>()
  let count = 0
  let live: Set<Map<string, Place>> = new Set()
  const last: { catalogue?: Catalogue; names?: NameContext; place?: Place } = {}

  const placeOf = (catalogue: Catalogue, names: NameContext): Place => {
    if (last.catalogue === catalogue && last.names === names && last.place) return last.place
    const known = places.get(catalogue) ?? new Map<string, Place>()
    places.set(catalogue, known)
    live.add(known)
    const key = JSON.stringify([names.role, ...names.searchPath])
    const place = known.get(key) ?? { young: emptyGeneration(), old: emptyGeneration() }
    known.set(key, place)
    last.catalogue = catalogue
    last.names = names
    last.place = place
    return place
  }

  const grown = (): void => {
    count += 1
    if (count < READING_LIMITS.readingsMax) return
    count = 0
    const used = [...live].flatMap((known) => agedPlaces(known))
    if (used.length > 0) return
    live = new Set()
    places = new WeakMap()
  }

  return {
    find: (text, catalogue, names) => {
      const place = placeOf(catalogue, names)
      const young = place.young.texts.get(text)
      if (young !== undefined) return young
      const old = place.old.texts.get(text)
      if (old !== undefined) {
        place.young.texts.set(text, old)
        grown()
        return old
      }
      return shaped(place, text)
    },
    keep: (text, catalogue, names, reading) => {
      placeOf(catalogue, names).young.texts.set(text, reading)
      grown()
    },
    keepTemplate: (template, catalogue, names, reading) => {
      const { shapes } = placeOf(catalogue, names).young
      if (shapes.size >= READING_LIMITS.templatesMax) return
      shapes.set(template.key, { reading, length: template.length })
    },
  }
}

function emptyGeneration(): Generation {
  return { texts: new Map(), shapes: new Map() }
}

// Ages each place in turn and forgets those that nobody used for a generation.
function agedPlaces(known: Map<string, Place>): readonly Place[] {
  for (const [key, place] of known) {
    if (place.young.texts.size === 0 && place.young.shapes.size === 0) {
      known.delete(key)
      place.old = emptyGeneration()
    } else {
      place.old = place.young
      place.young = emptyGeneration()
    }
  }
  return [...known.values()]
}

// A text that differs from one read before in inert numbers alone has its reading, with another end.
function shaped(place: Place, text: string): Reading | undefined {
  if (place.young.shapes.size === 0 && place.old.shapes.size === 0) return undefined
  const key = templateKey(text)
  if (key === undefined) return undefined
  const young = place.young.shapes.get(key)
  const found = young ?? place.old.shapes.get(key)
  if (found === undefined) return undefined
  if (young === undefined) place.young.shapes.set(key, found)
  const grownBy = text.length - found.length
  if (grownBy === 0) return found.reading
  const { reading } = found
  const statements = reading.statements.map((one) => ({ ...one, end: one.end + grownBy }))
  return { ...reading, statements }
}
