// Literals and parameters that a statement writes to labelled columns, as far as that can be seen in its tree: a
// masked value that comes back as if it were the value would take the place of the data.
import type { Node } from 'libpg-query'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { maskShape } from '../mask-shape.js'
import type { MaskShape } from '../mask-shape.js'
import { objectName } from '../relation-effect.js'
import type { Assigned } from './written-values.js'

export function noteMasks(
  sets: readonly Assigned[],
  relation: Relation | undefined,
  beside: readonly unknown[],
  analysis: Analysis,
): void {
  if (relation?.columns.some(({ labels }) => labels.length > 0) !== true) return
  for (const { value, columns } of sets) maskWritten(analysis, relation, columns, value, beside)
}

// `beside`: where else values may come from that are no literal here (FROM, WITH).
function maskWritten(
  analysis: Analysis,
  relation: Relation | undefined,
  columns: readonly string[],
  value: Node,
  beside: readonly unknown[],
): void {
  if (relation === undefined) return
  const written = relation.columns.filter(
    ({ name, labels }) => labels.length > 0 && columns.includes(name),
  )
  if (written.length === 0) return
  const found = constantsIn(value)
  const more = found.elsewhere ? [found, ...beside.map(constantsOfRows)] : [found]
  for (const { name, labels } of written) {
    const column = `${objectName(relation)}.${name}`
    for (const { shapes, parameters } of more) {
      for (const shape of shapes) analysis.masks.found({ column, labels: [...labels], shape })
      // Those of a function's body are its own.
      if (analysis.expanding()) continue
      for (const parameter of parameters) analysis.masks.asked({ parameter, column, labels })
    }
  }
}

type Constants = {
  readonly shapes: readonly MaskShape[]
  readonly parameters: readonly number[]
  // Something of it comes from elsewhere.
  readonly elsewhere: boolean
}

const NONE: Constants = { shapes: [], parameters: [], elsewhere: false }
const ELSEWHERE: Constants = { ...NONE, elsewhere: true }

export function constantsIn(node: Node | undefined): Constants {
  if (node === undefined) return NONE
  if ('A_Const' in node) {
    const text = node.A_Const.sval?.sval
    const shape = text === undefined ? undefined : maskShape(text)
    return shape === undefined ? NONE : { ...NONE, shapes: [shape] }
  }
  if ('ParamRef' in node) return { ...NONE, parameters: [node.ParamRef.number ?? 0] }
  if ('TypeCast' in node) return constantsIn(node.TypeCast.arg)
  if ('CollateClause' in node) return constantsIn(node.CollateClause.arg)
  if ('CoalesceExpr' in node) return together(node.CoalesceExpr.args)
  if ('RowExpr' in node) return together(node.RowExpr.args)
  // Computed of one, as a rule no more than the same in another type or case.
  if ('FuncCall' in node) return { ...together(node.FuncCall.args), elsewhere: true }
  if ('A_Expr' in node) {
    return { ...together([node.A_Expr.lexpr, node.A_Expr.rexpr]), elsewhere: true }
  }
  if ('CaseExpr' in node) {
    const { args = [], defresult } = node.CaseExpr
    const results = args.map((one) => ('CaseWhen' in one ? one.CaseWhen.result : undefined))
    return together([...results, defresult])
  }
  if ('SubLink' in node) {
    const inner = constantsOfRows(node)
    return { ...inner, elsewhere: true }
  }
  return ELSEWHERE
}

function together(nodes: readonly (Node | undefined)[] | undefined): Constants {
  const all = (nodes ?? []).map(constantsIn)
  return {
    shapes: all.flatMap(({ shapes }) => shapes),
    parameters: all.flatMap(({ parameters }) => parameters),
    elsewhere: all.some(({ elsewhere }) => elsewhere),
  }
}

// What the lists of queries within hold: rows of VALUES, and the columns of SELECT. Not what they compare with.
function constantsOfRows(root: unknown): Constants {
  const found: Constants[] = []
  const within = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) within(one)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'SelectStmt')
        listed(inner as Extract<Node, { SelectStmt: unknown }>['SelectStmt'])
      within(inner)
    }
  }
  const listed = (body: Extract<Node, { SelectStmt: unknown }>['SelectStmt']): void => {
    for (const row of body.valuesLists ?? []) {
      if ('List' in row) found.push(together(row.List.items))
    }
    for (const target of body.targetList ?? []) {
      if ('ResTarget' in target) found.push(constantsIn(target.ResTarget.val))
    }
  }
  within(root)
  return {
    shapes: found.flatMap(({ shapes }) => shapes),
    parameters: found.flatMap(({ parameters }) => parameters),
    elsewhere: false,
  }
}
