// The one-letter words of pg_class, pg_proc and pg_type, checked: a letter that is not known ends the
// load of a catalogue.
import type { Oid, RelationKind, Routine, Type } from './catalogue.js'
import { CatalogueShapeError } from './catalogue-rows.js'

export function relationKindOf(text: string): RelationKind {
  switch (text) {
    case 'r':
    case 'p':
    case 'v':
    case 'm':
    case 'f':
    case 'S':
    case 'c':
    case 't':
      return text
    default:
      throw new CatalogueShapeError('a relation of unknown kind')
  }
}

export function routineKindOf(text: string): Routine['kind'] {
  if (text === 'f' || text === 'p' || text === 'a' || text === 'w') return text
  throw new CatalogueShapeError('a routine of unknown kind')
}

export function typeKindOf(text: string): Type['kind'] {
  switch (text) {
    case 'b':
    case 'c':
    case 'd':
    case 'e':
    case 'p':
    case 'r':
    case 'm':
      return text
    default:
      throw new CatalogueShapeError('a type of unknown kind')
  }
}

export function volatilityOf(text: string): Routine['volatility'] {
  return text === 'i' ? 'immutable' : text === 's' ? 'stable' : 'volatile'
}

// An oidvector as text.
export function oidsOf(text: string): readonly Oid[] {
  return text === '' ? [] : text.split(' ').map(Number)
}
