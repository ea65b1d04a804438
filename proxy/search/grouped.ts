// How many commands a question finds, by person, target, rule, object or action, with what they returned: counted
// by who or by what, of which there are few, and put together by name.
import type { Group, GroupedAnswer, Grouping } from './answers.js'
import { numberOf, textOf, type Row } from './index-file.js'
import { SEARCH_LIMITS } from './limits.js'
import { sumsBy } from './looking.js'
import { planOf } from './plan.js'
import { createViews, type Asked, type Views } from './search.js'
import { standingOf } from './standing.js'

type Sum = {
  commands: number
  rows: number
  masked: number
  first: number
  last: number
  seq: number
}

export function groupedAnswer(asked: Asked, by: Grouping): GroupedAnswer {
  const { index, query, seen, now } = asked
  const started = now()
  const plan = planOf(index, query, seen)
  const look = { index, plan, now, deadlineMs: started + SEARCH_LIMITS.groupedMs }
  const side = by === 'person' || by === 'target' ? 'who' : 'what'
  const found = sumsBy(look, side)
  const views = createViews(index)
  const sums = new Map<string, Sum>()
  let commands = 0
  for (const row of found.rows) {
    commands += numberOf(row, 'commands')
    for (const name of namesOf(views, by, numberOf(row, 'id'))) add(sums, name, row)
  }
  const sorted = [...sums].sort(([a, x], [b, y]) => y.commands - x.commands || (a < b ? -1 : 1))
  const groups = sorted.slice(0, SEARCH_LIMITS.groups).map(([value, sum]): Group => {
    const last = index.sql(LAST).get(sum.seq)
    return {
      value,
      commands: sum.commands,
      rows: sum.rows,
      masked: sum.masked,
      first: new Date(sum.first).toISOString(),
      last: new Date(sum.last).toISOString(),
      last_seq: sum.seq,
      session: textOf(last, 'session'),
      command: numberOf(last, 'command'),
    }
  })
  return {
    by,
    groups,
    other_groups: sorted.length - groups.length,
    commands,
    complete: found.complete,
    // Lines looked at, where not all were.
    ...(found.complete ? {} : { from_line: found.reached }),
    took_ms: Math.round(now() - started),
    standing: standingOf(index, asked.behindBytes),
  }
}

const LAST =
  'select s.session as session, c.command as command from commands c' +
  ' join sessions s on s.id = c.session where c.seq = ?'

function namesOf(views: Views, by: Grouping, id: number): readonly string[] {
  switch (by) {
    case 'person': {
      const { identity } = views.who(id)
      return [identity.name || identity.subject]
    }
    case 'target':
      return [views.who(id).target.name]
    case 'rule':
      return views.what(id).rules
    case 'action':
      return [views.what(id).action]
    case 'object':
      return [...new Set(views.what(id).objects.map(({ object }) => object))].filter(
        (object) => object !== '',
      )
  }
}

function add(sums: Map<string, Sum>, name: string, row: Row): void {
  const sum = sums.get(name)
  const own = {
    commands: numberOf(row, 'commands'),
    rows: numberOf(row, 'rows'),
    masked: numberOf(row, 'masked'),
    first: numberOf(row, 'first'),
    last: numberOf(row, 'last'),
    seq: numberOf(row, 'seq'),
  }
  if (sum === undefined) {
    sums.set(name, own)
    return
  }
  sum.commands += own.commands
  sum.rows += own.rows
  sum.masked += own.masked
  sum.first = Math.min(sum.first, own.first)
  sum.last = Math.max(sum.last, own.last)
  sum.seq = Math.max(sum.seq, own.seq)
}
