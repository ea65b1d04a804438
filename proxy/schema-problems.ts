// Checks a document that somebody wrote (a configuration, settings, tables of tests) against its schema and
// says in plain words what does not fit: what was found and what is allowed. A value that stands where a
// secret reference belongs is never repeated.
import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv'
import { SECRET_PATTERN } from '../engine/schemas/config.js'
import type { PathSteps, Problem, ReadDocument } from './yaml-document.js'

// Enough to mend a file by; a file of nonsense gives thousands.
const PROBLEMS_MAX = 50

export type Checker<T> = {
  readonly fits: (value: unknown) => value is T
  // [] where it fits.
  readonly problems: (document: ReadDocument) => readonly Problem[]
}

export function createChecker<T>(schema: SchemaObject): Checker<T> {
  // At first use: the schemas together take half a second, and a command needs few of them.
  let compiled: ValidateFunction<T> | undefined
  const validator = (): ValidateFunction<T> =>
    (compiled ??= new Ajv({ allErrors: true, verbose: true, strict: true }).compile<T>(schema))
  return {
    fits: (value): value is T => validator()(value),
    problems: (document) => {
      const validate = validator()
      if (validate(document.value)) return []
      return (validate.errors ?? [])
        .filter((error) => error.keyword !== 'propertyNames')
        .slice(0, PROBLEMS_MAX)
        .map((error) => problemOf(error, document))
    },
  }
}

function problemOf(error: ErrorObject, document: ReadDocument): Problem {
  const path = stepsOf(error.instancePath)
  const { params } = error
  if (error.keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    const at = [...path, key]
    const known = Object.keys(isSchema(error.schema) ? error.schema : {}).concat(
      Object.keys(propertiesOf(error.parentSchema)),
    )
    return {
      path: at,
      place: document.placeOfKey(at),
      found: `an unknown key “${shown(key)}”`,
      allowed: `${suggestion(key, known)}one of ${[...new Set(known)].join(', ')}`,
    }
  }
  if (error.keyword === 'required') {
    const key = String(params['missingProperty'])
    const wanted = propertiesOf(error.parentSchema)[key]
    return {
      path: [...path, key],
      place: document.placeOf(path),
      found: 'nothing',
      allowed: `this key is required: ${wordsFor(wanted)}`,
    }
  }
  if (error.propertyName !== undefined) {
    const at = [...path, error.propertyName]
    return {
      path: at,
      place: document.placeOfKey(at),
      found: `the name “${shown(error.propertyName)}”`,
      allowed: 'a name of at most 63 lower-case letters, digits, _ and -, beginning with a letter',
    }
  }
  return {
    path,
    place: document.placeOf(path),
    found: foundAt(error),
    allowed: wordsFor(error.parentSchema),
  }
}

// RFC 6901, as ajv writes instance paths.
function stepsOf(pointer: string): PathSteps {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function foundAt(error: ErrorObject): string {
  const isSecret = error.parentSchema?.['pattern'] === SECRET_PATTERN
  if (isSecret) return 'something that is not a reference (not shown: it may be the secret itself)'
  const { data }: { data?: unknown } = error
  if (data === null || data === undefined) return 'nothing'
  if (Array.isArray(data)) return data.length === 0 ? 'an empty list' : 'a list'
  if (typeof data === 'object') {
    return Object.keys(data).length === 0 ? 'an empty mapping' : 'a mapping'
  }
  // A text where no text belongs is in the wrong place, and may be anything.
  const wantsMany = ['object', 'array'].includes(String(error.parentSchema?.['type']))
  if (wantsMany) return typeof data === 'string' ? 'a text' : `a ${typeof data}`
  if (typeof data === 'string') {
    // In the place of one of a few words: longer and unlike them, it belongs elsewhere.
    const words: unknown = error.parentSchema?.['enum']
    const isStranger = Array.isArray(words) && !words.some((word) => isLike(data, String(word)))
    return isStranger ? 'another text (not shown: it may belong elsewhere)' : `“${shown(data)}”`
  }
  return `${typeof data === 'number' ? 'the number' : 'the truth value'} ${String(data)}`
}

function isLike(text: string, word: string): boolean {
  return text.length <= word.length || distance(text.toLowerCase(), word.toLowerCase()) <= 2
}

// Credentials in a URL are not repeated, nor are control characters or novels.
function shown(text: string): string {
  const plain = text.replace(/\/\/[^/@]*@/g, '//…@').replace(/[\p{Cc}\p{Cs}]/gu, '·')
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain
}

function wordsFor(schema: unknown): string {
  if (!isSchema(schema)) return 'another value'
  const words = [kindWords(schema), boundWords(schema), schema['description']]
  return words.filter((part) => typeof part === 'string' && part !== '').join('; ')
}

function kindWords(schema: SchemaObject): string {
  const values: unknown = schema['enum']
  if (Array.isArray(values)) return `one of ${values.join(', ')}`
  switch (schema['type']) {
    case 'object':
      return 'a mapping'
    case 'array':
      return schema['minItems'] === 1 ? 'a list with at least one entry' : 'a list'
    case 'integer':
      return 'a whole number'
    case 'boolean':
      return 'true or false'
    default:
      return schema['minLength'] === 1 ? 'a text that is not empty' : 'a text'
  }
}

function boundWords(schema: SchemaObject): string {
  const [minimum, maximum]: readonly unknown[] = [schema['minimum'], schema['maximum']]
  if (typeof minimum === 'number' && typeof maximum === 'number') {
    return `from ${minimum} to ${maximum}`
  }
  if (typeof minimum === 'number') return `at least ${minimum}`
  if (schema['pattern'] === '^https?://') return 'beginning with https:// (or http://)'
  return schema['minProperties'] === 1 ? 'with at least one entry' : ''
}

function isSchema(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  const properties: unknown = isSchema(schema) ? schema['properties'] : undefined
  return isSchema(properties) ? properties : {}
}

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find((name) => distance(key.toLowerCase(), name) <= 2)
  return near === undefined ? '' : `did you mean “${near}”? `
}

// Levenshtein, for short words alone.
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return 3
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const swap = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 3
}
