// The collector of one statement's facts: what its readers add to while they walk the parse tree, and
// the names they resolve on the way. Made anew for each statement; nothing in it outlives the reading.
import type { Node, RangeVar } from 'libpg-query'
import type { Effect, Flow, Unread, UnreadReason, WrittenMask } from '../../schemas/facts.js'
import type { Catalogue, NameContext, Oid, Relation, Routine } from './catalogue.js'
import { createEffects } from './effects.js'
import type { Scope } from './scope.js'
import { createMasksWritten } from './masks-written.js'
import type { AskedParameter, MasksWritten } from './masks-written.js'
import type { Missing } from './reading.js'
import { createStores } from './stored.js'
import type { Stored, Stores } from './stored.js'

// Reads a data-modifying statement (INSERT, UPDATE, DELETE, MERGE) where a query may hold one: in
// WITH. `outer` is the scope whose CTEs it may name. What comes back is a query that gives the columns
// of its RETURNING list (read it for its columns, not for its effects), undefined where it returns
// none, 'unknown' where they cannot be told.
export type Modifying = (
  node: Node,
  outer: Scope | undefined,
  analysis: Analysis,
) => Node | 'unknown' | undefined

// The statements of another text (a view's, a function's), undefined where it does not parse.
export type Parse = (sql: string) => readonly Node[] | undefined

// Reads the body of a function written in SQL as part of the statement that calls it.
export type Body = (routine: Routine, analysis: Analysis) => void

export type Analysis = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  // Effects of the same operation on the same object are merged into one.
  readonly effect: (effect: Effect) => void
  readonly flow: (flow: Flow) => void
  // `missing`: the catalogue has no such thing, for certain.
  readonly unread: (reason: UnreadReason, detail: string, missing?: Missing['kind']) => void
  // After the statement, what the catalogue or the name context say may be wrong.
  readonly invalidate: (what: 'catalogue' | 'names') => void
  // The statement creates, changes or drops this relation and no other name: a milder form of
  // `invalidate('catalogue')`, after which other relations can still be read in the same message.
  readonly touch: (relname: string) => void
  readonly stale: Stale
  readonly modifying: Modifying
  readonly body: Body
  readonly parse: Parse
  // Objects being expanded (views, SQL functions), so that recursion ends. `enter` is false where the
  // object is being expanded already, or expansion is too deep: then the reader must not go in.
  readonly enter: (oid: Oid) => boolean
  readonly leave: (oid: Oid) => void
  // Whether one is being expanded now.
  readonly expanding: () => boolean
  // Columns that get values, for the labels that follow them.
  readonly stores: Stores
  // Values written to labelled columns that look like masks.
  readonly masks: MasksWritten
  readonly collected: () => Collected
}

// What earlier statements of the same message make uncertain, as they will have run by then.
export type Stale = { readonly everything: boolean; readonly relations: ReadonlySet<string> }

export const NOTHING_STALE: Stale = { everything: false, relations: new Set() }

export type Collected = {
  readonly effects: readonly Effect[]
  readonly flows: readonly Flow[]
  readonly unread: readonly Unread[]
  readonly catalogue: boolean
  readonly names: boolean
  readonly touched: ReadonlySet<string>
  readonly missing: Missing | undefined
  readonly stored: readonly Stored[]
  readonly writtenMasks: readonly WrittenMask[]
  readonly parameters: readonly AskedParameter[]
}

export type QualifiedName = Pick<RangeVar, 'catalogname' | 'schemaname' | 'relname'>

const EXPANSION_MAX = 32
const CHANGED = 'an earlier statement of this message changes what names mean'

export function createAnalysis(
  given: Pick<Analysis, 'catalogue' | 'names' | 'stale' | 'modifying' | 'body' | 'parse'>,
): Analysis {
  const effects = createEffects()
  const flows = new Map<string, Flow>()
  const unread = new Map<string, Unread>()
  const missing: Missing[] = []
  const invalid = new Set<'catalogue' | 'names'>()
  const touched = new Set<string>()
  const entered = new Set<Oid>()
  const stores = createStores()
  const masks = createMasksWritten()
  return {
    ...given,
    stores,
    masks,
    expanding: () => entered.size > 0,
    effect: effects.add,
    flow: (flow) => {
      flows.set(JSON.stringify(flow), flow)
      if (entered.size > 0) stores.within(flow)
    },
    unread: (reason, detail, kind) => {
      unread.set(`${reason} ${detail}`, { reason, detail })
      if (kind !== undefined) missing.push({ kind, name: detail.replace(/^function /, '') })
    },
    invalidate: (what) => {
      invalid.add(what)
    },
    touch: (relname) => {
      touched.add(relname)
    },
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
      flows: inOrder(flows),
      unread: inOrder(unread),
      catalogue: invalid.has('catalogue'),
      names: invalid.has('names'),
      touched,
      missing: firstMissing(missing, [...unread.values()]),
      stored: stores.told([...flows.values()], effects.sorted()),
      writtenMasks: masks.told(),
      parameters: masks.parameters(),
    }),
  }
}

// What PostgreSQL would miss first, where nothing else keeps the statement from being read. Names within a
// relation that is not there are not known either.
function firstMissing(missing: readonly Missing[], unread: readonly Unread[]): Missing | undefined {
  if (unread.some(({ reason }) => reason !== 'name_not_resolved')) return undefined
  const relation = missing.find(({ kind }) => kind === 'relation')
  if (relation !== undefined) return relation
  const [first] = missing
  return missing.length < unread.length ? undefined : first
}

/** Outside of any statement that is being read. */
export function relationNamed(
  range: RangeVar,
  { catalogue, names }: { readonly catalogue: Catalogue; readonly names: NameContext },
): Relation | undefined {
  const analysis = createAnalysis({
    catalogue,
    names,
    stale: NOTHING_STALE,
    modifying: () => 'unknown',
    body: () => undefined,
    parse: () => undefined,
  })
  return resolveRelation(analysis, range)
}

// As RangeVarGetRelid does it: an explicit schema, or the first of the search path that has the name.
// `pg_temp` is whatever temporary schema the session has.
export function resolveRelation(analysis: Analysis, name: QualifiedName): Relation | undefined {
  const { catalogue, names } = analysis
  const relname = name.relname ?? ''
  if (isStale(analysis, relname)) return undefined
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
  if (analysis.stale.everything) analysis.unread('name_not_resolved', CHANGED)
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

function isStale(analysis: Analysis, relname: string): boolean {
  const { everything, relations } = analysis.stale
  if (!everything && !relations.has(relname)) return false
  analysis.unread('name_not_resolved', CHANGED)
  return true
}

function inOrder<Value>(found: ReadonlyMap<string, Value>): readonly Value[] {
  return [...found.entries()]
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, value]) => value)
}
