// JSON Schema's ways to combine schemas: any, one, all or none of several, dependencies, conditions.
import { isArray, isObject, type RegoObject, type RegoValue } from '../rego-value.js'
import { memberAt } from './builtin.js'
import {
  add,
  best,
  merge,
  schemas,
  sorted,
  type Path,
  type Result,
  type Run,
} from './json-schema-result.js'

export function combined(
  run: Run,
  schema: RegoObject,
  value: RegoValue,
  path: Path,
  result: Result,
): void {
  const tried = (name: string): readonly Result[] =>
    schemas(schema, name).map((one) => run.validated(one, value, path))
  const passing = (results: readonly Result[]): number =>
    results.filter(({ problems }) => problems.length === 0).length
  const any = tried('anyOf')
  if (any.length > 0 && passing(any) === 0) {
    add(result, 'number_any_of', path, 'Must validate at least one schema (anyOf)')
    merge(result, best(any) ?? { problems: [], score: 0 })
  }
  const one = tried('oneOf')
  if (one.length > 0 && passing(one) !== 1) {
    add(result, 'number_one_of', path, 'Must validate one and only one schema (oneOf)')
    if (passing(one) === 0) merge(result, best(one) ?? { problems: [], score: 0 })
  }
  const all = tried('allOf')
  for (const each of all) merge(result, each)
  if (passing(all) !== all.length)
    add(result, 'number_all_of', path, 'Must validate all the schemas (allOf)')
  const not = memberAt(schema, 'not')
  if (not !== undefined && run.validated(not, value, path).problems.length === 0)
    add(result, 'number_not', path, 'Must not validate the schema (not)')
  dependencies(run, schema, value, path, result)
  conditions(run, schema, value, path, result)
  result.score++
}

function dependencies(
  run: Run,
  schema: RegoObject,
  value: RegoValue,
  path: Path,
  result: Result,
): void {
  if (value === null || !isObject(value)) return
  for (const [key, wanted] of sorted(memberAt(schema, 'dependencies'))) {
    if (memberAt(value, key) === undefined) continue
    if (wanted === null || !isArray(wanted)) {
      merge(result, run.validated(wanted, value, path))
      continue
    }
    for (const name of wanted.filter((one) => memberAt(value, one) === undefined))
      add(result, 'missing_dependency', path, `Has a dependency on ${String(name)}`)
  }
}

function conditions(
  run: Run,
  schema: RegoObject,
  value: RegoValue,
  path: Path,
  result: Result,
): void {
  const condition = memberAt(schema, 'if')
  if (condition === undefined) return
  const holds = run.validated(condition, value, path).problems.length === 0
  const branch = memberAt(schema, holds ? 'then' : 'else')
  if (branch === undefined) return
  const found = run.validated(branch, value, path)
  if (found.problems.length === 0) return
  if (holds) add(result, 'condition_then', path, 'Must validate "then" as "if" was valid')
  else add(result, 'condition_else', path, 'Must validate "else" as "if" was not valid')
  merge(result, found)
}
