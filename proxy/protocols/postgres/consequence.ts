// What a held command would do, for those who approve: how many rows, what else is reached, which locks,
// how large what goes away is. Found out by a look that has no effects, calls nobody's functions, and ends
// in time; what could not be found out is said, and holds nothing up.
import type { NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { Clock } from '../../clock.js'
import { cascadesOf, type Cascade, type ForeignKey } from './consequence-cascades.js'
import {
  dependentsOf,
  foreignKeys,
  relationsIn,
  sizesOf,
  triggersOf,
} from './consequence-catalogue.js'
import type { Size } from './consequence-catalogue.js'
import { openLook, type Look, type Values } from './consequence-connection.js'
import { locksOf } from './consequence-locks.js'
import { codeOf } from './consequence-problem.js'
import { rowsOf, type RowsFound } from './consequence-rows.js'
import { summaryOf } from './consequence-summary.js'
import { createTurns } from './consequence-turns.js'
import type { TargetAccount } from './target-login.js'

// What is asked about: one statement as the target would be sent it, and how it resolves names.
export type Asked = {
  readonly text: string
  readonly statement: Statement
  // undefined: it came without, as a Query.
  readonly values: Values | undefined
  readonly names: NameContext
  // The session sees what no other connection does: temporary objects, changes not yet committed.
  readonly own: boolean
  // A transaction is open, whose changes of rows nobody else sees.
  readonly open: boolean
  readonly which: 'estimate' | 'count'
}

export type Consequences = {
  // Resolves within a known time, whatever happens; never rejects.
  readonly of: (account: TargetAccount, asked: Asked) => Promise<Consequence>
}

export const LOOK_LIMITS = {
  // All of it: the hold waits no longer.
  wholeMs: 2000,
  connectMs: 1000,
  statementMs: 1000,
  // Behind somebody's lock there is nothing to wait for.
  lockMs: 200,
  // At a time, for all sessions: each is a connection to a target.
  atOnce: 4,
} as const

export function createConsequences(clock: Clock, onProblem: (why: string) => void): Consequences {
  const turns = createTurns(LOOK_LIMITS.atOnce)
  return {
    async of(account, asked) {
      const started = clock.monotonicUs()
      const draft: Draft = { cascades: [], locks: [], sizes: [], notes: [], rows: {} }
      const turn = turns.take()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), LOOK_LIMITS.wholeMs)
      })
      let began = false
      const look = turn.ready.then(() => {
        began = true
        return looked(account, asked, draft, onProblem)
      })
      void look.finally(turn.over)
      if ((await Promise.race([look, late])) === 'late') {
        turn.over()
        draft.look?.close()
        draft.notes.push(began ? 'it took too long' : 'other commands are being looked at')
      }
      clearTimeout(timer)
      const ms = Math.round((clock.monotonicUs() - started) / 1000)
      return finished(draft, new Date(clock.now()).toISOString(), ms)
    },
  }
}

// What was found so far: a look that is late leaves what it had.
type Draft = {
  cascades: readonly Cascade[]
  locks: Consequence['locks']
  sizes: readonly Size[]
  readonly notes: string[]
  rows: RowsFound
  look?: Look
}

function finished(draft: Draft, at: string, ms: number): Consequence {
  const { cascades, locks, sizes, notes, rows } = draft
  const found = {
    at,
    ms,
    ...(rows.estimate === undefined ? {} : { estimate: rows.estimate }),
    ...(rows.count === undefined ? {} : { count: rows.count }),
    cascades: [...cascades],
    locks: [...locks],
    sizes: sizes.map(({ object, rows: tuples, bytes }) => ({
      object,
      ...(tuples < 0 ? {} : { rows: tuples }),
      bytes,
    })),
    notes: [...notes],
  }
  return { ...found, summary: summaryOf(found) }
}

async function looked(
  account: TargetAccount,
  asked: Asked,
  draft: Draft,
  onProblem: (why: string) => void,
): Promise<void> {
  const { command } = asked.statement
  draft.locks = [...locksOf(command, [])]
  if (asked.open) draft.notes.push('what its open transaction has changed so far is not seen')
  try {
    const look = await openLook(account, LOOK_LIMITS)
    draft.look = look
    await look.run(`SET LOCAL ROLE "${asked.names.role.replaceAll('"', '""')}"`)
    const relations = await catalogueLooked(look, asked, draft)
    draft.rows = await rowsOf(look, asked, relations, draft.notes)
  } catch (problem) {
    // The target's own words may quote values.
    const why = codeOf(problem)
    onProblem(why)
    draft.notes.push(`not all could be looked at (${why})`)
  } finally {
    draft.look?.close()
  }
}

// Answers with all relations that the command touches; what goes away is told.
async function catalogueLooked(
  look: Look,
  { statement }: Asked,
  draft: Draft,
): Promise<readonly Size[]> {
  const { effects } = statement.command
  const touched = [...new Set(effects.map(({ object }) => object))]
  const changed = effects.filter(({ op }) => CHANGES.has(op))
  const objects = [...new Set(changed.map(({ object }) => object))]
  if (objects.length === 0) return sizesOf(look, touched)
  const goes = changed.filter(({ op }) => op === 'drop' || op === 'truncate')
  const schemas = goes.filter(({ kind }) => kind === 'schema').map(({ object }) => object)
  const within = schemas.length > 0 ? await relationsIn(look, schemas) : []
  const gone = [...goes.map(({ object }) => object), ...within]
  const sizes = await sizesOf(look, [...touched, ...within])
  const walked = cascadesOf(changed, await foreignKeys(look, objects))
  const drops = changed.filter(({ op }) => op === 'drop').map(({ object }) => object)
  const dropped = drops.length > 0 ? await dependentsOf(look, [...drops, ...within]) : []
  const cascade = goes.some(({ detail }) => detail === 'cascade')
  draft.cascades = cascade ? [...walked.cascades, ...dropped] : walked.cascades
  draft.sizes = sizes.filter(({ object }) => gone.includes(object))
  draft.locks = [...locksOf(statement.command, draft.cascades)]
  if (within.length > 0) draft.notes.push(`${within.length} relations are in ${schemas.join(', ')}`)
  if (!cascade) {
    for (const { table, action } of dropped.slice(0, 3)) {
      draft.notes.push(`it may fail: ${table} depends on it (${action} only with CASCADE)`)
    }
  }
  for (const key of walked.guards.slice(0, 3)) draft.notes.push(guardNote(key))
  const triggers = await triggersOf(look, changed)
  if (triggers.length > 0) {
    draft.notes.push(`triggers run as well, and what they do is not counted: ${listed(triggers)}`)
  }
  return sizes
}

const CHANGES = new Set(['insert', 'update', 'delete', 'copy_in', 'truncate', 'drop', 'alter'])

function guardNote({ from, to, name }: ForeignKey): string {
  return `it fails where rows of ${from} still refer to ${to} (${name})`
}

function listed(all: readonly string[]): string {
  const shown = all.slice(0, 5).join(', ')
  return all.length > 5 ? `${shown} and ${all.length - 5} more` : shown
}
