// The collector of one statement's facts: what its readers add to while they walk the parse tree, and
// the names they resolve on the way. Made anew for each statement; nothing in it outlives the reading.
import type { Node, RangeVar } from 'libpg-query'
import type { Effect, Flow, Unread, UnreadReason } from '../../schemas/facts.js'
import type { Catalogue, NameContext, Oid, Relation, Routine } from './catalogue.js'
import { createEffects } from './effects.js'

// Reads a data-modifying statement (INSERT, UPDATE, DELETE, MERGE) where a query may hold one: in
// WITH. `outer` is the scope whose CTEs it may name; what comes back is its RETURNING list. Both
// belong to `scope.ts` and only pass through here.
export type Modifying = (node: Node, outer: unknown, analysis: Analysis) => unknown

export type Analysis = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  // Effects of the same operation on the same object are merged into one.
  readonly effect: (effect: Effect) => void
  readonly flow: (flow: Flow) => void
  readonly unread: (reason: UnreadReason, detail: string) => void
  readonly modifying: Modifying
  // Objects being expanded (views, SQL functions), so that recursion ends. `enter` is false where the
  // object is being expanded already, or expansion is too deep: then the reader must not go in.
  readonly enter: (oid: Oid) => boolean
  readonly leave: (oid: Oid) => void
  readonly collected: () => Collected
}

export type Collected = {
  readonly effects: readonly Effect[]
  readonly flows: readonly Flow[]
  readonly unread: readonly Unread[]
}

export type QualifiedName = Pick<RangeVar, 'catalogname' | 'schemaname' | 'relname'>

const EXPANSION_MAX = 32

export function createAnalysis(
  catalogue: Catalogue,
  names: NameContext,
  modifying: Modifying,
): Analysis {
  const effects = createEffects()
  const flows = new Map<string, Flow>()
  const unread = new Map<string, Unread>()
  const entered = new Set<Oid>()
  return {
    catalogue,
    names,
    effect: effects.add,
    flow: (flow) => {
      flows.set(JSON.stringify(flow), flow)
    },
    unread: (reason, detail) => {
      unread.set(`${reason} ${detail}`, { reason, detail })
    },
    modifying,
    enter: (oid) => {
      if (entered.has(oid) || entered.size >= EXPANSION_MAX) return false
      entered.add(oid)
      return true
    },
    leave: (oid) => {
      entered.delete(oid)
    },
    collected: () => ({
      effects: effects.sorted(),
      flows: [...flows.entries()].sort(byKey).map(([, flow]) => flow),
      unread: [...unread.entries()].sort(byKey).map(([, item]) => item),
    }),
  }
}

// As RangeVarGetRelid does it: an explicit schema, or the first of the search path that has the name.
// `pg_temp` is whatever temporary schema the session has.
export function resolveRelation(analysis: Analysis, name: QualifiedName): Relation | undefined {
  const { catalogue, names } = analysis
  const relname = name.relname ?? ''
  if (name.catalogname !== undefined && name.catalogname !== catalogue.database) return undefined
  if (name.schemaname !== undefined) {
    const schema = schemaOf(names, name.schemaname)
    return schema === undefined ? undefined : catalogue.relation(schema, relname)
  }
  for (const schema of names.searchPath) {
    const found = catalogue.relation(schema, relname)
    if (found !== undefined) return found
  }
  return undefined
}

// Every overload that a call could mean: of the named schema, or of all schemas on the path (the
// argument types choose among them). With `count`, only those that can take so many arguments.
// Temporary schemas are never searched for functions.
export function resolveRoutines(
  analysis: Analysis,
  parts: readonly string[],
  count?: number,
): readonly Routine[] {
  const { catalogue, names } = analysis
  const [name = '', schemaname, database, ...more] = [...parts].reverse()
  if (more.length > 0 || (database !== undefined && database !== catalogue.database)) return []
  const named = schemaname === undefined ? undefined : schemaOf(names, schemaname)
  if (schemaname !== undefined && named === undefined) return []
  const schemas = named === undefined ? names.searchPath.filter(isPermanent) : [named]
  const all = schemas.flatMap((schema) => catalogue.routines(schema, name))
  return count === undefined ? all : all.filter((routine) => takes(routine, count))
}

export function takes(routine: Routine, count: number): boolean {
  const most = routine.argumentTypes.length
  if (routine.variadic) return count >= most - 1 - routine.defaults
  return count <= most && count >= most - routine.defaults
}

export function schemaOf(names: NameContext, schema: string): string | undefined {
  if (schema !== 'pg_temp') return schema
  return names.searchPath.find((name) => !isPermanent(name))
}

function isPermanent(schema: string): boolean {
  return schema !== 'pg_temp' && !schema.startsWith('pg_temp_')
}

function byKey(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0
}
