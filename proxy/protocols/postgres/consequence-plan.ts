// The planner's estimate of how many rows a statement would change or give, out of EXPLAIN (FORMAT JSON).
// Nothing else of the plan is kept: its conditions hold literals.

export function estimateOf(plan: string | null | undefined): number | undefined {
  const read: unknown = JSON.parse(plan ?? 'null')
  const first: unknown = Array.isArray(read) ? read[0] : undefined
  const top = isPlan(first) ? first['Plan'] : undefined
  if (!isPlan(top)) return undefined
  // What is above a change gives rows of RETURNING alone; what is beneath gives the rows to be changed.
  const changes = top['Node Type'] === 'ModifyTable' ? children(top) : [top]
  const rows = changes.map((node) => Number(node['Plan Rows']))
  return rows.every((count) => Number.isFinite(count) && count >= 0)
    ? Math.round(rows.reduce((sum, count) => sum + count, 0))
    : undefined
}

type Plan = Readonly<Record<string, unknown>>

function isPlan(value: unknown): value is Plan {
  return typeof value === 'object' && value !== null
}

// InitPlans and SubPlans are computed beside.
function children(plan: Plan): readonly Plan[] {
  const found = plan['Plans']
  if (!Array.isArray(found)) return []
  return found
    .filter(isPlan)
    .filter(({ 'Parent Relationship': as }) => as === 'Outer' || as === 'Member')
}
