// Small readings of PostgreSQL's parse tree that every statement reader needs. The tree comes as JSON
// in which a field with its default value (0, '', false) is left out.
import type { DefElem, Node, RangeVar } from 'libpg-query'

export type NodeTag = string

// A node is an object with one member, named after its type.
export function tagOf(node: Node): NodeTag {
  for (const tag in node) return tag
  return ''
}

export function textOf(node: Node | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined
}

export function namesOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => textOf(node) ?? '')
}

// The parts of a name, however this kind of statement wraps it: a list, a type name, a function with
// its arguments, a plain string.
export function nameParts(node: Node | undefined): readonly string[] {
  if (node === undefined) return []
  if ('String' in node) return [node.String.sval ?? '']
  if ('List' in node) {
    const items = node.List.items ?? []
    return items.every((item) => 'String' in item) ? namesOf(items) : nameParts(items[0])
  }
  if ('TypeName' in node) return namesOf(node.TypeName.names)
  if ('ObjectWithArgs' in node) return namesOf(node.ObjectWithArgs.objname)
  if ('RangeVar' in node) return rangeParts(node.RangeVar)
  return []
}

export function rangeParts(range: RangeVar): readonly string[] {
  return [range.catalogname, range.schemaname, range.relname].filter((part) => part !== undefined)
}

export function rangeOf(parts: readonly string[]): RangeVar {
  const [relname, schemaname, catalogname] = [...parts].reverse()
  return {
    ...(relname === undefined ? {} : { relname }),
    ...(schemaname === undefined ? {} : { schemaname }),
    ...(catalogname === undefined ? {} : { catalogname }),
  }
}

// A literal or a parameter, cast or not.
export function isLiteral(node: Node | undefined): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isLiteral(node.TypeCast.arg)
  return 'A_Const' in node || 'ParamRef' in node || 'SetToDefault' in node
}

// Text of a constant, through casts of it: 'x', 'x'::text, 12, true. undefined for anything else.
export function constantText(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return constantText(node.TypeCast.arg)
  if (!('A_Const' in node)) return textOf(node)
  const { ival, fval, boolval, sval, bsval } = node.A_Const
  if (sval !== undefined) return sval.sval ?? ''
  if (ival !== undefined) return String(ival.ival ?? 0)
  if (fval !== undefined) return fval.fval ?? '0'
  if (boolval !== undefined) return boolval.boolval === true ? 'true' : 'false'
  return bsval?.bsval
}

export function constantInteger(node: Node | undefined): number | undefined {
  if (node === undefined || !('A_Const' in node)) return undefined
  const { ival } = node.A_Const
  return ival === undefined ? undefined : (ival.ival ?? 0)
}

export function isNull(node: Node | undefined): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isNull(node.TypeCast.arg)
  return 'A_Const' in node && node.A_Const.isnull === true
}

export function optionsOf(nodes: readonly Node[] | undefined): readonly DefElem[] {
  return (nodes ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem] : []))
}

// As defGetBoolean reads an option of EXPLAIN, COPY, VACUUM …: bare means true. undefined where
// PostgreSQL would refuse the value.
export function booleanOption(option: DefElem): boolean | undefined {
  const { arg } = option
  if (arg === undefined) return true
  if ('Integer' in arg) return integerAsBoolean(arg.Integer.ival ?? 0)
  if ('Boolean' in arg) return arg.Boolean.boolval === true
  const word = (optionText(option) ?? '').toLowerCase()
  if (word === 'true' || word === 'on' || word === '1') return true
  return word === 'false' || word === 'off' || word === '0' ? false : undefined
}

export function optionText(option: DefElem): string | undefined {
  const { arg } = option
  if (arg === undefined) return undefined
  if ('TypeName' in arg) return namesOf(arg.TypeName.names).at(-1)
  if ('Integer' in arg) return String(arg.Integer.ival ?? 0)
  if ('Float' in arg) return arg.Float.fval ?? '0'
  return constantText(arg)
}

function integerAsBoolean(value: number): boolean | undefined {
  return value === 1 ? true : value === 0 ? false : undefined
}
