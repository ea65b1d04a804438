// GraphQL text from documents in the shape of `graphql-ast.ts`, for builtins that are given a tree. As OPA
// reads trees, every selection is a field.
import { isArray, isNumber, isObject, type RegoObject, type RegoValue } from '../rego-value.js'
import { memberAt, NoAnswer } from './builtin.js'

const DEPTH_MAX = 100

function nodes(one: RegoObject, name: string): readonly RegoObject[] {
  const found = memberAt(one, name)
  if (found === undefined || found === null) return []
  if (!isArray(found)) throw new NoAnswer('no list')
  return found.map((item) => {
    if (item === null || !isObject(item)) throw new NoAnswer('no node')
    return item
  })
}

function text(one: RegoObject, name: string): string {
  const found = memberAt(one, name)
  if (found !== undefined && typeof found !== 'string') throw new NoAnswer('no text')
  return found ?? ''
}

function texts(one: RegoObject, name: string): readonly string[] {
  const found = memberAt(one, name)
  if (found === undefined || found === null) return []
  if (!isArray(found)) throw new NoAnswer('no list')
  return found.map(String)
}

function child(one: RegoObject, name: string): RegoObject | undefined {
  const found = memberAt(one, name)
  if (found === undefined || found === null) return undefined
  if (!isObject(found)) throw new NoAnswer('no node')
  return found
}

// Must be a name, so that nothing else can be smuggled into the text.
function name(one: RegoObject, member = 'Name'): string {
  const found = text(one, member)
  if (!/^[_A-Za-z][_0-9A-Za-z]*$/.test(found)) throw new NoAnswer('no name')
  return found
}

export function queryText(document: RegoObject): string {
  const operations = nodes(document, 'Operations').map((one) => {
    const named = text(one, 'Name') === '' ? '' : name(one)
    return `${name(one, 'Operation')} ${named}${variables(one, 'VariableDefinitions')}${directives(one)} ${selections(one, 0)}`
  })
  const fragments = nodes(document, 'Fragments').map(
    (one) =>
      `fragment ${name(one)}${variables(one, 'VariableDefinition')} on ${name(one, 'TypeCondition')}${directives(one)} ${selections(one, 0)}`,
  )
  return [...operations, ...fragments].join('\n')
}

function variables(one: RegoObject, member: string): string {
  const all = nodes(one, member).map(
    (item) =>
      `$${name(item, 'Variable')}: ${type(child(item, 'Type'))}${defaultValue(item)}${directives(item)}`,
  )
  return all.length === 0 ? '' : `(${all.join(', ')})`
}

function defaultValue(one: RegoObject): string {
  const found = child(one, 'DefaultValue')
  return found === undefined ? '' : ` = ${value(found, 0)}`
}

function directives(one: RegoObject): string {
  return nodes(one, 'Directives')
    .map((item) => ` @${name(item)}${given(item)}`)
    .join('')
}

function given(one: RegoObject): string {
  const all = nodes(one, 'Arguments').map(
    (item) => `${name(item)}: ${value(child(item, 'Value'), 0)}`,
  )
  return all.length === 0 ? '' : `(${all.join(', ')})`
}

function selections(one: RegoObject, depth: number): string {
  if (depth > DEPTH_MAX) throw new RangeError('a GraphQL document is nested too deeply')
  const all = nodes(one, 'SelectionSet').map((item) => {
    const alias = text(item, 'Alias') === '' ? '' : `${name(item, 'Alias')}: `
    return `${alias}${name(item)}${given(item)}${directives(item)} ${selections(item, depth + 1)}`
  })
  return all.length === 0 ? '' : `{ ${all.join(' ')} }`
}

function type(one: RegoObject | undefined): string {
  if (one === undefined) throw new NoAnswer('no type')
  const inner = child(one, 'Elem')
  const named = inner === undefined ? name(one, 'NamedType') : `[${type(inner)}]`
  return memberAt(one, 'NonNull') === true ? `${named}!` : named
}

function value(one: RegoObject | undefined, depth: number): string {
  if (one === undefined || depth > DEPTH_MAX) throw new NoAnswer('no value')
  const kind: RegoValue | undefined = memberAt(one, 'Kind')
  const raw = text(one, 'Raw')
  const children = nodes(one, 'Children')
  switch (isNumber(kind) ? kind.number : '0') {
    case '0':
      return `$${name(one, 'Raw')}`
    case '1':
    case '2':
      if (!/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(raw)) throw new NoAnswer('no number')
      return raw
    case '3':
    case '4':
      return JSON.stringify(raw)
    case '8':
      return `[${children.map((item) => value(child(item, 'Value'), depth + 1)).join(', ')}]`
    case '9':
      return `{${children.map((item) => `${name(item)}: ${value(child(item, 'Value'), depth + 1)}`).join(', ')}}`
    default:
      return name(one, 'Raw')
  }
}

export function schemaText(document: RegoObject): string {
  return [
    ...nodes(document, 'Schema').map((one) => schema(one)),
    ...nodes(document, 'SchemaExtension').map((one) => `extend ${schema(one)}`),
    ...nodes(document, 'Directives').map((one) => {
      const repeatable = memberAt(one, 'IsRepeatable') === true ? ' repeatable' : ''
      return `directive @${name(one)}${inputs(one, 'Arguments', '()')}${repeatable} on ${texts(one, 'Locations').join(' | ')}`
    }),
    ...nodes(document, 'Definitions').map((one) => definition(one)),
    ...nodes(document, 'Extensions').map((one) => `extend ${definition(one)}`),
  ].join('\n')
}

function schema(one: RegoObject): string {
  const operations = nodes(one, 'OperationTypes').map(
    (item) => `${name(item, 'Operation')}: ${name(item, 'Type')}`,
  )
  return `schema${directives(one)}${operations.length === 0 ? '' : ` { ${operations.join(' ')} }`}`
}

const WORDS: Readonly<Record<string, string>> = {
  SCALAR: 'scalar',
  OBJECT: 'type',
  INTERFACE: 'interface',
  UNION: 'union',
  ENUM: 'enum',
  INPUT_OBJECT: 'input',
}

function definition(one: RegoObject): string {
  const kind = text(one, 'Kind')
  const word = WORDS[kind]
  if (word === undefined) throw new NoAnswer('no kind of type')
  const interfaces = texts(one, 'Interfaces')
  const head = `${word} ${name(one)}${interfaces.length === 0 ? '' : ` implements ${interfaces.join(' & ')}`}${directives(one)}`
  if (kind === 'UNION') {
    const types = texts(one, 'Types')
    return types.length === 0 ? head : `${head} = ${types.join(' | ')}`
  }
  if (kind === 'ENUM') {
    const values = nodes(one, 'EnumValues').map((item) => `${name(item)}${directives(item)}`)
    return values.length === 0 ? head : `${head} { ${values.join(' ')} }`
  }
  return `${head}${inputs(one, 'Fields', '{}')}`
}

function inputs(one: RegoObject, member: string, [open = '', close = '']: string): string {
  const all = nodes(one, member).map(
    (item) =>
      `${name(item)}${inputs(item, 'Arguments', '()')}: ${type(child(item, 'Type'))}${defaultValue(item)}${directives(item)}`,
  )
  return all.length === 0 ? '' : ` ${open}${all.join(', ')}${close}`
}
