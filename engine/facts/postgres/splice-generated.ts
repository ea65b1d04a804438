// `ALTER TABLE … ADD COLUMN … GENERATED ALWAYS AS (…)`: what the expression reads of protected columns is masked
// in it, so that the new column holds masked values for whoever reads it.
import type { AlterTableStmt, ColumnRef, Node } from 'libpg-query'
import type { Mask } from '../../schemas/decision.js'
import type { Relation } from './catalogue.js'
import { maskedExpression, quoted, starsExpression } from './mask-expression.js'
import type { MaskingParts, Refused } from './mask-expression.js'
import { onlyStatement, visit } from './splice-body.js'
import { maskOfColumn } from './splice-select.js'
import { createWritten, type Edit } from './splice-text.js'
import { isReplaced } from './splice-tree.js'

export type GeneratedParts = MaskingParts & {
  readonly masks: readonly Mask[]
  readonly proof?: boolean
}

/** undefined where nothing in it is protected. */
export function maskedGeneration(
  text: string,
  before: Node,
  alter: AlterTableStmt,
  relation: Relation | undefined,
  parts: GeneratedParts,
): string | Refused | undefined {
  const expression = expressionOf(alter)
  if (relation === undefined || relation.temporary || expression === undefined) {
    return { refused: 'only an added column that is generated is masked' }
  }
  const written = createWritten(text)
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const ref of columnsIn(expression)) {
    const [field, ...more] = ref.fields ?? []
    const name = field !== undefined && 'String' in field ? field.String.sval : undefined
    const column = relation.columns.find((one) => one.name === name)
    if (column === undefined || more.length > 0) return { refused: 'a column is named unusually' }
    const mask = maskOfColumn(relation, column, parts.masks)
    if (mask === undefined) continue
    const source = quoted(column.name)
    const masked =
      parts.proof === true
        ? starsExpression(source, column, parts)
        : maskedExpression(source, column, mask, parts)
    if (typeof masked !== 'string') return masked
    const place = written.wordAt(ref.location ?? 0)
    const node = valueOf(onlyStatement(`SELECT (${masked})`))
    if (place === undefined || node === undefined) return { refused: 'a column is named unusually' }
    edits.push({ start: place.start, end: place.end, text: `(${masked})` })
    replacements.set(ref, node)
  }
  if (edits.length === 0) return undefined
  const made = written.edited(edits)
  return isReplaced(before, onlyStatement(made), replacements)
    ? made
    : { refused: 'the rewritten statement does not read as intended' }
}

// Of the one column that is added, where that is all that the statement does.
function expressionOf({ cmds = [] }: AlterTableStmt): Node | undefined {
  const [command, ...others] = cmds
  if (command === undefined || !('AlterTableCmd' in command) || others.length > 0) return undefined
  const { subtype = 'AT_AddColumn', def } = command.AlterTableCmd
  if (subtype !== 'AT_AddColumn' || def === undefined || !('ColumnDef' in def)) return undefined
  const generated = (def.ColumnDef.constraints ?? []).flatMap((node) =>
    'Constraint' in node && node.Constraint.contype === 'CONSTR_GENERATED' ? [node.Constraint] : [],
  )
  return generated.length === 1 ? generated[0]?.raw_expr : undefined
}

function columnsIn(root: Node): readonly ColumnRef[] {
  const found: ColumnRef[] = []
  visit({ root: [root] }, (key, inner) => {
    if (key === 'ColumnRef') found.push(inner as ColumnRef)
  })
  return found
}

function valueOf(statement: Node | undefined): Node | undefined {
  const [target] =
    statement !== undefined && 'SelectStmt' in statement
      ? (statement.SelectStmt.targetList ?? [])
      : []
  return target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}
