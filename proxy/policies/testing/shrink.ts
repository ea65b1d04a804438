// Makes a failing document of facts small: whatever can be left out, emptied or set to nothing without the
// failure going away, so that what is left is what the failure is about. Each smaller document still fits
// the schema of the facts.
import { Ajv, type ValidateFunction } from 'ajv'
import { factsSchema, type Facts } from '../../../engine/schemas/facts.js'

// Which of the documents still fail, in order. Asked for many at once, since asking OPA is slow.
export type StillFails = (candidates: readonly Facts[]) => Promise<readonly boolean[]>

const ROUNDS_MAX = 40

let compiled: ValidateFunction<Facts> | undefined

export async function shrunk(facts: Facts, stillFails: StillFails): Promise<Facts> {
  let smallest = facts
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const steps = stepsOf(smallest, []).flatMap((step) => {
      const made = taken(smallest, [step])
      return made === undefined ? [] : [{ step, made }]
    })
    const fails = await stillFails(steps.map(({ made }) => made))
    const good = steps.filter((_, at) => fails[at] === true)
    const [first] = good
    if (first === undefined) return smallest
    // All at once if that works; else some; else one.
    const half = Math.ceil(good.length / 2)
    const groups = [good, good.slice(0, half), good.slice(half)]
    const together = groups
      .filter((group) => group.length > 1)
      .flatMap((group) => {
        const made = taken(
          smallest,
          group.map(({ step }) => step),
        )
        return made === undefined ? [] : [made]
      })
    const found = await stillFails(together)
    smallest = together.find((_, at) => found[at] === true) ?? first.made
  }
  return smallest
}

type Step = {
  readonly path: readonly (string | number)[]
  // undefined: the member goes.
  readonly value?: '' | 0 | -1 | false
}

// Larger parts first.
function stepsOf(value: unknown, path: Step['path']): readonly Step[] {
  if (typeof value === 'string') return value === '' ? [] : [{ path, value: '' }]
  if (typeof value === 'number') return value === 0 ? [] : [{ path, value: 0 }]
  if (typeof value === 'boolean') return value ? [{ path, value: false }] : []
  if (typeof value !== 'object' || value === null) return []
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, at) => [at, item] as const)
    : Object.entries(value)
  return [
    // A command without its facts is something else, not something smaller.
    ...members
      .filter(([key]) => path.length > 0 || key !== 'command')
      .map(([key]): Step => ({ path: [...path, key] })),
    ...members.flatMap(([key, inner]) => stepsOf(inner, [...path, key])),
  ]
}

// Later members first, so that places in lists stay right; undefined where what comes out is no facts or
// nothing new.
function taken(facts: Facts, steps: readonly Step[]): Facts | undefined {
  const made: unknown = structuredClone(facts)
  const order = [...steps].sort((one, other) => comparedPaths(other.path, one.path))
  for (const step of order) apply(made, step)
  compiled ??= new Ajv({ strict: false }).compile<Facts>(factsSchema)
  return compiled(made) ? made : undefined
}

function apply(document: unknown, { path, value }: Step): void {
  let parent: unknown = document
  for (const key of path.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null) return
    parent = (parent as Record<string | number, unknown>)[key]
  }
  const last = path.at(-1)
  if (last === undefined || typeof parent !== 'object' || parent === null) return
  if (value !== undefined) {
    if (last in parent) (parent as Record<string | number, unknown>)[last] = value
  } else if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else delete (parent as Record<string, unknown>)[last]
}

function comparedPaths(one: Step['path'], other: Step['path']): number {
  for (const [at, key] of one.entries()) {
    const against = other[at]
    if (against === undefined) return 1
    if (key === against) continue
    if (typeof key === 'number' && typeof against === 'number') return key - against
    return String(key) < String(against) ? -1 : 1
  }
  return one.length - other.length
}
