// Facts that no traffic has shown yet: made from the facts' own schema, its closed domains gone through in
// turn and its texts taken from the words that a policy names. The same seed gives the same facts, and
// each document is one that a gateway could have made: see `coherent`.
import { factsSchema, type Facts } from '../../../engine/schemas/facts.js'
import { coherent } from './coherent-facts.js'
import { repeatableChance, type Chance } from './repeatable-chance.js'
import { wordsAt, type PolicyWords } from './policy-words.js'

export type GeneratedFactsOptions = {
  readonly seed: number
  readonly count: number
  readonly words: PolicyWords
}

// Of JSON Schema what the facts use; anything else is an error, so that no part goes ungenerated.
type Schema = {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly minItems?: number
  readonly minimum?: number
  readonly uniqueItems?: boolean
  readonly maximum?: number
}

// How many entries a list has, by how often each of these comes up.
const LENGTHS = [0, 0, 1, 1, 1, 2, 2, 3]
const SHORT_LENGTHS = [0, 0, 0, 0, 1, 1, 2]
const RARE_LENGTHS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
const EFFECT_COUNTS = [0, 1, 1, 1, 1, 1, 1, 2, 2, 3]
// Mostly those of a session that nobody would stop: most other rules speak then.
const COUNTERS = [0, 0, 1, 2, 5, 10, 20, 50]
const HIGH_COUNTERS = [100, 200, 500, 1000, 2000, 10_000, 100_000, 1_000_000]
const HIGH_PERCENT = 15
const INTEGERS = [0, 1, 2, 3, 5, 10, 100, 1000, 10_000]

export function* generatedFacts(options: GeneratedFactsOptions): Generator<Facts, void> {
  for (let at = 0; at < options.count; at++) yield generatedAt(options, at)
}

// One of them, by its number: the document at a place does not depend on how many are made.
export function generatedAt({ seed, words }: GeneratedFactsOptions, at: number): Facts {
  const maker = { at, words, chance: repeatableChance(seed, at), turn: turns(seed, at) }
  return coherent(madeFor(maker, factsSchema as unknown as Schema, []), maker)
}

type Maker = {
  readonly at: number
  readonly words: PolicyWords
  readonly chance: Chance
  // A value of a closed domain that comes round in turn, so that few documents hold all of them.
  readonly turn: <Value>(path: string, values: readonly Value[]) => Value | undefined
}

// The first value at each path is the next of its domain; the step differs from path to path, so that
// pairs come up as well.
function turns(seed: number, at: number): Maker['turn'] {
  const seen = new Set<string>()
  return (path, values) => {
    if (seen.has(path)) return undefined
    seen.add(path)
    let size = 1
    for (const character of path) size = (size * 31 + character.charCodeAt(0)) % 7919
    const step = Math.floor(at / values.length) * (1 + (size % 5)) + at + seed
    return values[Math.abs(step) % values.length]
  }
}

function madeFor(maker: Maker, schema: Schema, path: readonly string[]): unknown {
  const { chance } = maker
  if ('const' in schema) return schema.const
  if (schema.enum !== undefined) {
    return maker.turn(path.join('.'), schema.enum) ?? chance.pick(schema.enum)
  }
  switch (schema.type) {
    case 'object':
      return objectFor(maker, schema, path)
    case 'array':
      return listFor(maker, schema, path)
    case 'string':
      return chance.pick(wordsAt(maker.words, path, chance))
    case 'integer':
      return integerFor(chance, schema, path)
    case 'boolean':
      return chance.often(50)
    default:
      throw new Error(`no facts can be made for ${path.join('.')}: its schema is not known`)
  }
}

function objectFor(maker: Maker, schema: Schema, path: readonly string[]): unknown {
  const { chance } = maker
  const made: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    // Whether there is a command follows from the stage.
    const wanted = schema.required?.includes(name) === true || path.length === 0
    if (wanted || chance.often(60)) made[name] = madeFor(maker, inner, [...path, name])
  }
  const others = schema.additionalProperties
  if (typeof others === 'object') {
    for (let turn = chance.pick(LENGTHS); turn > 0; turn--) {
      const key = chance.pick(wordsAt(maker.words, [...path, '*'], chance))
      if (key !== '') made[key] = madeFor(maker, others, [...path, key])
    }
  }
  return made
}

function listFor(maker: Maker, schema: Schema, path: readonly string[]): unknown {
  const { items } = schema
  if (items === undefined) throw new Error(`no facts can be made for ${path.join('.')}`)
  const length = Math.max(schema.minItems ?? 0, maker.chance.pick(lengthsAt(path)))
  const made = Array.from({ length }, () => madeFor(maker, items, path))
  return schema.uniqueItems === true ? [...new Set(made)] : made
}

function lengthsAt(path: readonly string[]): readonly number[] {
  switch (path.join('.')) {
    case 'command.effects':
      return EFFECT_COUNTS
    case 'command.flows':
    case 'command.effects.labels':
      return SHORT_LENGTHS
    case 'command.unread':
    case 'identity.actor':
    case 'grants':
      return RARE_LENGTHS
    default:
      return LENGTHS
  }
}

function integerFor(chance: Chance, schema: Schema, path: readonly string[]): number {
  const { minimum = -1, maximum } = schema
  if (maximum !== undefined) return minimum + chance.below(maximum - minimum + 1)
  if (path.includes('counters')) {
    return chance.pick(chance.often(HIGH_PERCENT) ? HIGH_COUNTERS : COUNTERS)
  }
  return chance.pick([minimum, ...INTEGERS.filter((one) => one >= minimum)])
}
