// Parts of composite values: `(row).field`, `f(row)` and `row.f` where f is a column of the row, and
// subscripts.
import type { A_Indirection, Node } from 'libpg-query'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { calledByName } from './calls.js'
import { rowColumn, rowItem } from './column-reference.js'
import { relationOfType } from './result-types.js'
import { textOf } from './tree.js'
import { isLabelled, passed, sunk, typed } from './value.js'
import type { Field, Value } from './value.js'

// Fields of a row: as read, or as its type has them. undefined where they are not known.
export function fieldsOf(value: Value, at: At): readonly Field[] | undefined {
  if (value.fields !== undefined) return value.fields
  const relation = relationOfType(value.type, at.analysis.catalogue)
  return relation?.columns.map(({ name, type }) => ({
    name,
    value: { ...passed(value, `field:${name}`, type), type },
  }))
}

// ParseComplexProjection, and the function of that name where the row has no such field.
export function projectedField(row: Value, name: string, at: At): Value | undefined {
  const field = fieldsOf(row, at)?.find((one) => one.name === name)
  return field?.value ?? calledByName([name], [row], at)
}

export function indirection(node: A_Indirection, at: At): Value {
  const [first, ...more] = node.indirection ?? []
  const item = rowItem(node.arg, at)
  const column = item === undefined ? undefined : rowColumn(item, textOf(first) ?? '')
  const steps = column === undefined ? (node.indirection ?? []) : more
  let value = column ?? valueOf(node.arg, at)
  for (const step of steps) value = stepped(value, step, at)
  return value
}

function stepped(value: Value, step: Node, at: At): Value {
  const name = textOf(step)
  if (name !== undefined) {
    const field = projectedField(value, name, at)
    if (field !== undefined) return field
    if (value.fields !== undefined) at.analysis.unread('name_not_resolved', name)
    return passed(value, `field:${name}`)
  }
  if ('A_Indices' in step) {
    const { lidx, uidx } = step.A_Indices
    for (const bound of [lidx, uidx]) {
      if (bound !== undefined) sunk(valueOf(bound, at), 'argument', at.analysis)
    }
    // Whether an element is there tells the length of the whole.
    if (isLabelled(value)) sunk(passed(value, 'subscript'), 'argument', at.analysis)
    const element = at.analysis.catalogue.typeByOid(value.type)?.element ?? 0
    return passed(value, 'subscript', step.A_Indices.is_slice === true ? value.type : element)
  }
  if ('A_Star' in step) return value
  at.analysis.unread('unknown_node', Object.keys(step)[0] ?? 'indirection')
  return typed(0)
}
