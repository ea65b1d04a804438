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

// By length of the text: numbers have few lengths, and the same reading is the same object.
type Shaped = { readonly reading: Reading; readonly length: number; readonly others: Reading[] }

type Generation = { readonly texts: Map<string, Reading>; readonly shapes: Map<string, Shaped> }

type Known = { readonly catalogue: Catalogue; readonly place: Place }

type Place = { young: Generation; old: Generation }

export function createReadings(): Readings {
  // A catalogue is never changed after it was built, so that it can be a key itself; readings of one
  // that is gone go with it.
  const places = new WeakMap<Catalogue, Map<string, Place>>()
  const live = new Set<Map<string, Place>>()
  let weight = 0
  // Sessions hold on to their names, so that the place is mostly known by the object itself.
  let known = new WeakMap<NameContext, Known>()

  const placeOf = (catalogue: Catalogue, names: NameContext): Place => {
    const before = known.get(names)
    if (before !== undefined && before.catalogue === catalogue) return before.place
    const own = places.get(catalogue) ?? new Map<string, Place>()
    places.set(catalogue, own)
    live.add(own)
    const key = JSON.stringify([names.role, ...names.searchPath])
    const place = own.get(key) ?? { young: emptyGeneration(), old: emptyGeneration() }
    own.set(key, place)
    known.set(names, { catalogue, place })
    return place
  }

  // Facts take about as much room as their text asks for, so that longer texts count for more.
  const grown = (text: string): void => {
    weight += 1 + text.length / 256
    if (weight < READING_LIMITS.readingsMax) return
    weight = 0
    known = new WeakMap()
    for (const own of live) {
      age(own)
      if (own.size === 0) live.delete(own)
    }
  }

  return {
    find: (text, catalogue, names) => {
      const place = placeOf(catalogue, names)
      const young = place.young.texts.get(text)
      if (young !== undefined) return young
      const old = place.old.texts.get(text)
      if (old !== undefined) {
        place.young.texts.set(text, old)
        grown(text)
        return old
      }
      return shaped(place, text)
    },
    keep: (text, catalogue, names, reading) => {
      placeOf(catalogue, names).young.texts.set(text, reading)
      grown(text)
    },
    keepTemplate: (template, catalogue, names, reading) => {
      const { shapes } = placeOf(catalogue, names).young
      if (shapes.size >= READING_LIMITS.templatesMax) return
      shapes.set(template.key, { reading, length: template.length, others: [] })
    },
  }
}

function emptyGeneration(): Generation {
  return { texts: new Map(), shapes: new Map() }
}

// Ages each place in turn and forgets those that nobody used for a generation.
function age(known: Map<string, Place>): void {
  for (const [key, place] of known) {
    if (place.young.texts.size === 0 && place.young.shapes.size === 0) {
      known.delete(key)
      continue
    }
    place.old = place.young
    place.young = emptyGeneration()
  }
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
  const { reading, others } = found
  if (grownBy === 0) return reading
  const at = grownBy + SHAPED_LENGTHS_MAX
  const known = others[at]
  if (known !== undefined) return known
  const statements = reading.statements.map((one) => ({ ...one, end: one.end + grownBy }))
  const made = { ...reading, statements }
  if (Math.abs(grownBy) <= SHAPED_LENGTHS_MAX) others[at] = made
  return made
}

// An integer has at most 19 digits.
const SHAPED_LENGTHS_MAX = 20
