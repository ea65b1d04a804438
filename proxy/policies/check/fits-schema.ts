// Whether a value fits a schema, and if not why, in words for somebody who does not know JSON Schema.
import { Ajv, type ValidateFunction } from 'ajv'
import { nearest, suggestion } from './near-miss.js'

export type Fitting = {
  readonly validate: ValidateFunction
  readonly members: readonly string[]
}

export type Misfit = {
  // Within the value.
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly fix: string
}

export function fitting(schema: object): Fitting {
  const properties: unknown = 'properties' in schema ? schema.properties : undefined
  const members = typeof properties === 'object' && properties !== null ? properties : {}
  return {
    validate: new Ajv({ strict: false, allErrors: true }).compile(schema),
    members: Object.keys(members),
  }
}

export function misfits(
  { validate, members }: Fitting,
  value: unknown,
  what: string,
): readonly Misfit[] {
  if (validate(value)) return []
  const errors = validate.errors ?? []
  const extras = errors.flatMap(({ params }) => textsAt(params, 'additionalProperty'))
  // A misspelled member is not missing as well.
  const meant = extras.map((extra) => nearest(extra, members))
  const said = errors.filter(
    ({ params }) => !textsAt(params, 'missingProperty').some((name) => meant.includes(name)),
  )
  return said.map(({ instancePath, params, message }) => {
    const given: Readonly<Record<string, unknown>> = params
    const steps = instancePath.split('/').slice(1)
    const path = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
    const [missing, extra, allowed] = [
      given['missingProperty'],
      given['additionalProperty'],
      given['allowedValues'],
    ]
    if (typeof missing === 'string') {
      return {
        path,
        message: `the ${what} lacks "${missing}"`,
        fix: `write "${missing}": … into it`,
      }
    }
    if (typeof extra === 'string') {
      const fix =
        path.length === 0 && members.length > 0 ? suggestion(extra, members) : 'take it away'
      return { path: [...path, extra], message: `the ${what} has no place for "${extra}"`, fix }
    }
    const shown = path.length === 0 ? `the ${what}` : `"${path.join('.')}" of the ${what}`
    const fix = Array.isArray(allowed)
      ? `it is one of ${allowed.join(', ')}`
      : `it ${message ?? ''}`
    return { path, message: `${shown} does not fit`, fix }
  })
}

function textsAt(params: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const found = params[name]
  return typeof found === 'string' ? [found] : []
}
