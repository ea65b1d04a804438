// rego/REFERENCE.md: every field that a policy can read and every field that it must answer with, as tables
// made from the schemas themselves, so that they cannot say anything else than what is checked.
import { decisionSchema } from '../../engine/schemas/decision.js'
import { factsSchema } from '../../engine/schemas/facts.js'

type Schema = {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly additionalProperties?: boolean | Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly uniqueItems?: boolean
}

export function reference(): string {
  return `# Reference

Generated from \`engine/schemas\`; nothing here is written by hand. A rule that reads a field which is not in
the first table, or compares one with a value that it cannot have, fails \`sallyport policy check\`.
Fields marked *optional* may be missing: see the traps in \`rego/README.md\`.

## Facts: \`input\`

${table(factsSchema)}
## Decision: what \`data.sallyport.main.decision\` answers

${table(decisionSchema)}`
}

function table(schema: Schema): string {
  const rows = rowsOf(schema, '').map((cells) => `| ${cells.join(' | ')} |`)
  return ['| field | values | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

function rowsOf(schema: Schema, path: string): readonly (readonly string[])[] {
  const { properties = {}, required = [], anyOf } = schema
  if (anyOf !== undefined) return anyOf.flatMap((one) => rowsOf(one, path))
  return Object.entries(properties).flatMap(([name, inner]) => {
    const optional = required.includes(name) ? '' : ' *optional*'
    const own = path === '' ? name : `${path}.${name}`
    const { at, of } = inner.type === 'array' ? listed(inner, own) : { at: own, of: inner }
    const row = [`\`${at}\`${optional}`, valuesOf(inner), worded(inner.description ?? '')]
    return [row, ...rowsOf(of, at)]
  })
}

function listed(schema: Schema, path: string): { readonly at: string; readonly of: Schema } {
  return { at: `${path}[_]`, of: schema.items ?? {} }
}

function valuesOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(' ')
  if (schema.type === 'array') {
    const { items = {} } = schema
    if (items.properties !== undefined || items.anyOf !== undefined) return 'list of objects'
    return `${schema.uniqueItems === true ? 'sorted set' : 'list'} of ${valuesOf(items)}s`
  }
  if (schema.type === 'object' && schema.properties === undefined) return 'object of strings'
  const { minimum, maximum } = schema
  const bounds = [
    minimum === undefined ? '' : ` from ${minimum}`,
    maximum === undefined ? '' : ` to ${maximum}`,
  ].join('')
  const type = typeof schema.type === 'object' ? schema.type.join(' or ') : (schema.type ?? '')
  return `${type}${bounds}`
}

function worded(text: string): string {
  return text.replaceAll('|', '\\|')
}
