// XML syntax. Text that is not well-formed raises an error, so a labelled value ends here as an
// argument; XMLTABLE is read where FROM is.
import type { Node, XmlExpr, XmlSerialize } from 'libpg-query'
import { cast } from './calls.js'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { TYPE, isLabelled, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'

export const XML_READERS = { XmlExpr: xml, XmlSerialize: serialized }

function xml(body: XmlExpr, at: At): Value {
  const nodes = [...(body.named_args ?? []), ...(body.args ?? [])]
  const value = ended(
    nodes.map((node) => valueOf(unnamed(node), at)),
    at,
  )
  return { ...value, type: body.op === 'IS_DOCUMENT' ? TYPE.bool : TYPE.xml }
}

function serialized(body: XmlSerialize, at: At): Value {
  return cast(ended([valueOf(body.expr, at)], at), body.typeName, at)
}

function unnamed(node: Node): Node {
  return 'ResTarget' in node && node.ResTarget.val !== undefined ? node.ResTarget.val : node
}

function ended(values: readonly Value[], at: At): Value {
  const value = passed(joined(values), 'xml')
  if (isLabelled(value)) sunk(value, 'argument', at.analysis)
  return value
}
