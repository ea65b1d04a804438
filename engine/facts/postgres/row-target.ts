// INSERT, UPDATE and DELETE of a relation whose rows are filtered: the rows that they choose are held to the
// filter, and so is what they write.
import type { Node, RangeVar } from 'libpg-query'
import type { Relation } from './catalogue.js'
import { insertProblem, updateProblem } from './row-check.js'
import { conditionOf } from './row-condition.js'
import { isCalm } from './row-fence.js'
import { relationNamed } from './analysis.js'
import { callsOthers } from './row-filters.js'
import type { RowPlaces, Target } from './row-places.js'
import { narrowed } from './row-where.js'
import type { Refused, RowParts } from './splice-rows.js'
import type { Edit } from './splice-text.js'

type Targets = {
  readonly edits: readonly Edit[]
  // The statement as it is to read but for the relations that are replaced in it.
  readonly intended: unknown
}

export function editsOfTarget(
  text: string,
  before: Node,
  { targets, reads }: RowPlaces,
  parts: RowParts,
): Targets | Refused {
  const edits: Edit[] = []
  const wheres = new Map<unknown, Node>()
  for (const target of targets) {
    const range: RangeVar | undefined = target.body.relation
    const relation = range && relationNamed(range, parts)
    const reach = relation === undefined ? undefined : parts.filtered.of(relation)
    if (range === undefined || relation === undefined || reach === undefined) continue
    const name = `${relation.schema}.${relation.name}`
    if (reach.kind === 'through') return { refused: `${name} changes rows that are filtered` }
    if (reach.kind === 'unclear') return { refused: `${name} ${reach.why}` }
    if (relation.rules.length > 0) return { refused: `${name} has rules of its own` }
    const problem = problemOf(target, relation, reads, before, parts)
    if (problem !== undefined) return { refused: problem }
    if (target.kind === 'insert' || target.kind === 'merge') {
      const found =
        target.kind === 'merge'
          ? `MERGE into ${name}, whose rows are filtered, is not put into other words`
          : insertProblem(target.body, relation, reach.rows, parts.catalogue)
      if (found !== undefined) return { refused: found }
      continue
    }
    const { body } = target
    const written =
      target.kind === 'update'
        ? updateProblem(target.body, relation, reach.rows, parts.catalogue)
        : undefined
    if (written !== undefined) return { refused: written }
    const alias = range.alias?.aliasname ?? relation.name
    const condition = conditionOf(relation, reach.rows, alias, parts.catalogue)
    if (typeof condition !== 'string') return condition
    const calm = isCalm(body.whereClause) && isCalm(fromOf(target)) && isCalm(body.withClause)
    const made = narrowed(text, range, body.whereClause, condition, calm)
    if (made === undefined) return { refused: 'a condition is written unusually' }
    edits.push(...made.edits)
    wheres.set(body, made.where)
  }
  return { edits, intended: withWheres(before, wheres) }
}

function fromOf(target: Target): readonly Node[] | undefined {
  if (target.kind === 'update') return target.body.fromClause
  return target.kind === 'delete' ? target.body.usingClause : undefined
}

// What else reads the relation cannot be told from the change itself.
function problemOf(
  { body }: Target,
  relation: Relation,
  reads: readonly RangeVar[],
  before: Node,
  { catalogue, names, filtered }: RowParts,
): string | undefined {
  const name = `${relation.schema}.${relation.name}`
  if ('whereClause' in body && body.whereClause !== undefined) {
    if ('CurrentOfExpr' in body.whereClause) return `the row of a cursor may lie outside of ${name}`
  }
  const view = reads
    .map((range) => relationNamed(range, { catalogue, names }))
    .find((one) => one !== undefined && one.kind === 'v' && filtered.of(one) !== undefined)
  if (view !== undefined) return `${view.schema}.${view.name} reads ${name} as it is changed`
  return callsOthers(before, catalogue)
    ? `functions and operators of your own beside a change of ${name}, whose rows are filtered`
    : undefined
}

function withWheres(value: unknown, wheres: ReadonlyMap<unknown, Node>): unknown {
  if (Array.isArray(value)) {
    const made = value.map((one) => withWheres(one, wheres))
    return made.some((one, i) => one !== value[i]) ? made : value
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => [
    key,
    withWheres(inner, wheres),
  ])
  const where = wheres.get(value)
  const isSame = entries.every(([key, inner]) => inner === Reflect.get(value, String(key)))
  if (isSame && where === undefined) return value
  const made: unknown = Object.fromEntries(entries)
  return where === undefined ? made : { ...(made as object), whereClause: where }
}
