// Joins: their conditions, and the columns they give: those named in USING or shared in NATURAL once,
// then the others. Bare names mean the join's columns; the sides keep their own names, unless the
// join has an alias, which hides them.
import type { JoinExpr } from 'libpg-query'
import { compared } from './calls.js'
import { commonType, condition } from './expression.js'
import type { At } from './expression.js'
import { renamed } from './from.js'
import type { Position } from './from.js'
import { namedItem } from './scope.js'
import type { Item, ScopeColumn } from './scope.js'
import { namesOf } from './tree.js'
import { joined, passed, sunk } from './value.js'

export function joinedItems(
  body: JoinExpr,
  left: readonly Item[],
  right: readonly Item[],
  position: Position,
): readonly Item[] {
  const { outer, analysis } = position
  const items = [...left, ...right]
  const at: At = { scope: { items, ctes: new Map(), outer }, analysis, comparing: 'join' }
  condition(body.quals, at, 'join')
  const sides = [visibleColumns(left), visibleColumns(right)] as const
  const names = body.isNatural === true ? shared(...sides) : namesOf(body.usingClause)
  const merged = names.map((name) => mergedColumn(name, sides, body, at))
  const rest = sides.flat().filter((column) => !names.includes(column.name))
  const open = items.some((item) => item.columnsVisible && item.open)
  const columns = renamed([...merged, ...rest], body.alias)
  const whole = namedItem(body.alias?.aliasname, columns, { open })
  if (body.alias !== undefined) return [whole]
  const using = body.join_using_alias
  const named =
    using?.aliasname === undefined
      ? []
      : [{ ...namedItem(using.aliasname, renamed(merged, using)), columnsVisible: false }]
  return [...items.map((item) => ({ ...item, columnsVisible: false })), ...named, whole]
}

function visibleColumns(items: readonly Item[]): readonly ScopeColumn[] {
  return items.filter((item) => item.columnsVisible).flatMap((item) => item.columns)
}

function shared(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): readonly string[] {
  const names = left.map((column) => column.name)
  return names.filter((name) => right.some((column) => column.name === name))
}

// buildMergedJoinVar: of an inner or left join the left side's column, of a right join the right
// side's, of a full join whichever is not NULL. Where the types differ one is converted.
function mergedColumn(
  name: string,
  sides: readonly [readonly ScopeColumn[], readonly ScopeColumn[]],
  body: JoinExpr,
  at: At,
): ScopeColumn {
  const found = sides.map((columns) => columns.filter((column) => column.name === name))
  const [left, right] = found.map(([first]) => first)
  if (left === undefined || right === undefined || found.some((list) => list.length > 1)) {
    at.analysis.unread('name_not_resolved', `USING ${name}`)
  }
  const both = [left, right].filter((column) => column !== undefined)
  for (const column of both) column.touch()
  const values = both.map((column) => column.value)
  const [l, r] = values
  if (l !== undefined && r !== undefined) {
    sunk(compared('=', l, r, at), 'join', at.analysis)
    for (const value of values) sunk(value, 'join', at.analysis)
  }
  const touch = (): void => {
    for (const column of both) column.touch()
  }
  const chosen = body.jointype === 'JOIN_RIGHT' ? r : l
  const value =
    body.jointype === 'JOIN_FULL'
      ? passed(joined(values), 'coalesce', commonType(values))
      : (chosen ?? joined(values))
  return { name, value, touch }
}
