// Walks the JSON Schemas of `input`: which members a place has, which words it may hold, and whether it may
// be missing.

export type Schema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
}

// A place in the facts: `command.effects[].op`.
export type Field = {
  readonly path: string
  readonly schema: Schema
  // Whether what holds it may be without it.
  readonly optional: boolean
}

export function memberOf(field: Field, name: string): Field | undefined {
  const { properties, required = [], additionalProperties } = field.schema
  const path = field.path === '' ? name : `${field.path}.${name}`
  const own =
    properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
  if (own !== undefined) return { path, schema: own, optional: !required.includes(name) }
  return typeof additionalProperties === 'object'
    ? { path, schema: additionalProperties, optional: true }
    : undefined
}

// What stands at any place of a list, or under any name of an open object.
export function itemOf(field: Field): Field | undefined {
  const { items, additionalProperties } = field.schema
  const schema =
    items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
  return schema === undefined ? undefined : { path: `${field.path}[]`, schema, optional: false }
}

// The closed list of what may stand here, where there is one.
export function wordsOf({ schema }: Field): readonly unknown[] | undefined {
  if (schema.enum !== undefined) return schema.enum
  if (schema.const !== undefined) return [schema.const]
  return schema.type === 'boolean' ? [true, false] : undefined
}

// The names of its members, where no others can be.
export function closedMembers({ schema }: Field): readonly string[] | undefined {
  return schema.properties !== undefined && schema.additionalProperties === false
    ? Object.keys(schema.properties)
    : undefined
}

// In JSON’s words; undefined where it is not known.
export function typeOf({ schema }: Field): string | undefined {
  if (schema.type !== undefined) return schema.type === 'integer' ? 'number' : schema.type
  const [first] = wordsOf({ path: '', schema, optional: false }) ?? []
  return first === undefined ? undefined : first === null ? 'null' : typeof first
}
