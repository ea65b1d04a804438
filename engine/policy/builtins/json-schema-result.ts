// What a document was found to miss of a JSON Schema, and how well it fitted all the same.
import { isArray, isObject, order, type RegoObject, type RegoValue } from '../rego-value.js'
import { memberAt, objectWith } from './builtin.js'

export type Problem = { readonly type: string; readonly path: Path; readonly text: string }
export type Path = readonly string[]
// How well a value fitted, to name the closest of several alternatives.
export type Result = { problems: Problem[]; score: number }

export function problemValue({ type, path, text }: Problem): RegoValue {
  const field = fieldOf(path)
  return objectWith({ error: `${field}: ${text}`, type, field, desc: text })
}

export function fieldOf(path: Path): string {
  return path.length === 0 ? '(Root)' : path.join('.')
}

export function add(result: Result, type: string, path: Path, text: string): void {
  result.problems.push({ type, path, text })
  result.score -= 2
}

export function merge(result: Result, other: Result): void {
  result.problems.push(...other.problems)
  result.score += other.score
}

export function best(results: readonly Result[]): Result | undefined {
  return results.reduce<Result | undefined>(
    (found, one) => (found === undefined || one.score > found.score ? one : found),
    undefined,
  )
}

export type Run = {
  readonly root: RegoValue
  // How many more schemas may meet a value.
  steps: number
  readonly validated: (schema: RegoValue, value: RegoValue, path: Path) => Result
}

export function sorted(value: RegoValue | undefined): RegoObject['object'] {
  if (value === undefined || value === null || !isObject(value)) return []
  return [...value.object].sort(([one], [other]) => order(one, other))
}

export function schemas(schema: RegoObject, name: string): readonly RegoValue[] {
  const found = memberAt(schema, name)
  return found !== undefined && found !== null && isArray(found) ? found : []
}
