// GraphQL documents as values, in the shape that OPA gives them: gqlparser's tree as JSON, without what is
// empty. graphql-js reads the text; only the names differ.
import type {
  ArgumentNode,
  ConstDirectiveNode,
  DefinitionNode,
  DirectiveNode,
  DocumentNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  OperationTypeDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  StringValueNode,
  TypeNode,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql'
import { isArray, isObject, numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, objectWith } from './builtin.js'
import { blockText } from './graphql-block.js'
import { graphqlJs, Kind } from './graphql-js.js'

const TOKENS_MAX = 20_000

// Without any definition, which graphql-js does not read, gqlparser sees an empty document.
export function documentOf(text: string): DocumentNode {
  if (/^(?:[\s,\ufeff]|#[^\n\r]*)*$/.test(text)) return { kind: Kind.DOCUMENT, definitions: [] }
  try {
    return graphqlJs().parse(text, {
      allowLegacyFragmentVariables: true,
      maxTokens: TOKENS_MAX,
    })
  } catch (thrown) {
    throw new NoAnswer('no GraphQL', { cause: thrown })
  }
}

type Members = Readonly<Record<string, RegoValue | undefined>>

// Nothing of what is empty, as OPA prunes it.
function node(members: Members): RegoValue {
  return objectWith(
    Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value))),
  )
}

function isEmpty(value: RegoValue | undefined): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'object') return false
  return isArray(value) ? value.length === 0 : isObject(value) && value.object.length === 0
}

export function queryValue({ definitions }: DocumentNode): RegoValue {
  const operations: RegoValue[] = []
  const fragments: RegoValue[] = []
  for (const one of definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION) {
      operations.push(
        node({
          Operation: one.operation,
          Name: one.name?.value ?? '',
          VariableDefinitions: one.variableDefinitions?.map(variable),
          Directives: one.directives?.map(directive),
          SelectionSet: selections(one.selectionSet),
        }),
      )
    } else if (one.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.push(
        node({
          Name: one.name.value,
          VariableDefinition: one.variableDefinitions?.map(variable),
          TypeCondition: one.typeCondition.name.value,
          Directives: one.directives?.map(directive),
          SelectionSet: selections(one.selectionSet),
        }),
      )
    } else {
      throw new NoAnswer('a definition that no query has')
    }
  }
  return node({ Operations: operations, Fragments: fragments })
}

function variable(one: VariableDefinitionNode): RegoValue {
  return node({
    Variable: one.variable.name.value,
    Type: type(one.type),
    DefaultValue: one.defaultValue === undefined ? undefined : value(one.defaultValue),
    Directives: one.directives?.map(directive),
    Used: false,
  })
}

function selections(set: SelectionSetNode | undefined): RegoValue | undefined {
  return set?.selections.map(selection)
}

function selection(one: SelectionNode): RegoValue {
  const directives = one.directives?.map(directive)
  switch (one.kind) {
    case Kind.FIELD:
      return node({
        Alias: one.alias?.value ?? one.name.value,
        Name: one.name.value,
        Arguments: one.arguments?.map(argument),
        Directives: directives,
        SelectionSet: selections(one.selectionSet),
      })
    case Kind.FRAGMENT_SPREAD:
      return node({ Name: one.name.value, Directives: directives })
    case Kind.INLINE_FRAGMENT:
      return node({
        TypeCondition: one.typeCondition?.name.value ?? '',
        Directives: directives,
        SelectionSet: selections(one.selectionSet),
      })
  }
}

function directive(one: DirectiveNode | ConstDirectiveNode): RegoValue {
  return node({ Name: one.name.value, Arguments: one.arguments?.map(argument), Location: '' })
}

function argument(one: ArgumentNode): RegoValue {
  return node({ Name: one.name.value, Value: value(one.value) })
}

function type(one: TypeNode, nonNull = false): RegoValue {
  switch (one.kind) {
    case Kind.NON_NULL_TYPE:
      return type(one.type, true)
    case Kind.LIST_TYPE:
      return node({ NamedType: '', Elem: type(one.type), NonNull: nonNull })
    case Kind.NAMED_TYPE:
      return node({ NamedType: one.name.value, NonNull: nonNull })
  }
}

function scalar(kind: number, raw: string, children?: RegoValue): RegoValue {
  return node({
    Raw: raw,
    Children: children,
    Kind: numberOf(kind),
    ExpectedTypeHasDefault: false,
  })
}

function value(one: ValueNode): RegoValue {
  switch (one.kind) {
    case Kind.VARIABLE:
      return scalar(0, one.name.value)
    case Kind.INT:
      return scalar(1, one.value)
    case Kind.FLOAT:
      return scalar(2, one.value)
    case Kind.STRING:
      return scalar(one.block === true ? 4 : 3, blockText(one))
    case Kind.BOOLEAN:
      return scalar(5, String(one.value))
    case Kind.NULL:
      return scalar(6, 'null')
    case Kind.ENUM:
      return scalar(7, one.value)
    case Kind.LIST:
      return scalar(
        8,
        '',
        one.values.map((item) => node({ Name: '', Value: value(item) })),
      )
    case Kind.OBJECT:
      return scalar(
        9,
        '',
        one.fields.map((field) => node({ Name: field.name.value, Value: value(field.value) })),
      )
  }
}

export function schemaValue({ definitions }: DocumentNode): RegoValue {
  const lists = {
    Schema: [] as RegoValue[],
    SchemaExtension: [] as RegoValue[],
    Directives: [] as RegoValue[],
    Definitions: [] as RegoValue[],
    Extensions: [] as RegoValue[],
  }
  for (const one of definitions) {
    switch (one.kind) {
      case Kind.SCHEMA_DEFINITION:
        lists.Schema.push(schema(one))
        break
      case Kind.SCHEMA_EXTENSION:
        lists.SchemaExtension.push(schema(one))
        break
      case Kind.DIRECTIVE_DEFINITION:
        lists.Directives.push(
          node({
            Description: text(one.description),
            Name: one.name.value,
            Arguments: one.arguments?.map(input),
            Locations: one.locations.map((location) => location.value),
            IsRepeatable: one.repeatable,
          }),
        )
        break
      default:
        lists[one.kind.endsWith('Extension') ? 'Extensions' : 'Definitions'].push(definition(one))
    }
  }
  return node(lists)
}

function text(description: StringValueNode | undefined): string {
  return description === undefined ? '' : blockText(description)
}

function schema(one: {
  readonly description?: StringValueNode | undefined
  readonly directives?: readonly ConstDirectiveNode[] | undefined
  readonly operationTypes?: readonly OperationTypeDefinitionNode[] | undefined
}): RegoValue {
  return node({
    Description: text(one.description),
    Directives: one.directives?.map(directive),
    OperationTypes: one.operationTypes?.map((operation) =>
      node({ Operation: operation.operation, Type: operation.type.name.value }),
    ),
  })
}

const KINDS: Readonly<Record<string, string>> = {
  Scalar: 'SCALAR',
  Object: 'OBJECT',
  Interface: 'INTERFACE',
  Union: 'UNION',
  Enum: 'ENUM',
  InputObject: 'INPUT_OBJECT',
}

function definition(one: DefinitionNode): RegoValue {
  const kind = KINDS[one.kind.replace(/Type(?:Definition|Extension)$/, '')]
  if (kind === undefined || !('name' in one) || one.name === undefined)
    throw new NoAnswer('a definition that no schema has')
  const names = (list: readonly { readonly name: { readonly value: string } }[] | undefined) =>
    list?.map(({ name }) => name.value)
  return node({
    Kind: kind,
    Description: 'description' in one ? text(one.description) : '',
    Name: one.name.value,
    Directives: one.directives?.map(directive),
    Interfaces: 'interfaces' in one ? names(one.interfaces) : undefined,
    Fields: 'fields' in one ? fields(one.fields) : undefined,
    Types: 'types' in one ? names(one.types) : undefined,
    EnumValues:
      'values' in one
        ? one.values?.map((item) =>
            node({
              Description: text(item.description),
              Name: item.name.value,
              Directives: item.directives?.map(directive),
            }),
          )
        : undefined,
    BuiltIn: false,
  })
}

function fields(
  list: readonly (FieldDefinitionNode | InputValueDefinitionNode)[] | undefined,
): RegoValue | undefined {
  return list?.map((one) =>
    one.kind === Kind.FIELD_DEFINITION
      ? node({
          Description: text(one.description),
          Name: one.name.value,
          Arguments: one.arguments?.map(input),
          Type: type(one.type),
          Directives: one.directives?.map(directive),
        })
      : input(one),
  )
}

function input(one: InputValueDefinitionNode): RegoValue {
  return node({
    Description: text(one.description),
    Name: one.name.value,
    DefaultValue: one.defaultValue === undefined ? undefined : value(one.defaultValue),
    Type: type(one.type),
    Directives: one.directives?.map(directive),
  })
}
