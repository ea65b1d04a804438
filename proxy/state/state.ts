// The state store as the other parts see it: tables, a word to all gateways when an approval changed,
// and whether it can be used. One SQLite file on one machine, PostgreSQL for several gateways.
import type { Kysely } from 'kysely'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import { migrate } from './migrations.js'
import { openPostgres } from './postgres.js'
import { openSqlite } from './sqlite.js'
import type { StateTables } from './tables.js'

export type StateOptions =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }

export type State = {
  readonly kind: StateOptions['kind']
  readonly db: Kysely<StateTables>
  // Tells every gateway on this store, this one included, that an approval changed. A word may be
  // lost: who listens also looks for itself from time to time.
  readonly announce: (approval: string) => Promise<void>
  readonly onAnnounced: (listener: (approval: string) => void) => () => void
  // A question to the store itself, with a time limit.
  readonly usable: () => Promise<boolean>
  readonly close: () => Promise<void>
}

export type OpenedStore = Pick<State, 'db' | 'announce' | 'onAnnounced' | 'close'>

// Longer than any question to a healthy store takes; a probe that waits longer has its answer.
const PROBE_MS = 2_000

export async function openState(options: StateOptions, log: Log): Promise<State> {
  const store = await stored(() => opened(options, log))
  try {
    await stored(() => migrate(store.db))
  } catch (problem) {
    await store.close()
    throw problem
  }
  return { kind: options.kind, ...store, usable: () => usable(store.db) }
}

function opened(options: StateOptions, log: Log): Promise<OpenedStore> {
  switch (options.kind) {
    case 'sqlite':
      return openSqlite(options.file)
    case 'postgres':
      return openPostgres(options.url, log)
  }
}

// Whatever a database driver throws becomes the one error that callers know. Its text may quote values,
// so it is kept as the cause alone.
export async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('state_failed', `the state store cannot be used${codeOf(cause)}`, {
      cause,
    })
  }
}

function codeOf(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
  return typeof code === 'string' && code !== '' ? ` (${code})` : ''
}

async function usable(db: Kysely<StateTables>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_MS)
  })
  const answer = db
    .selectFrom('sallyport_gateways')
    .select('id')
    .limit(1)
    .execute()
    .then(
      () => true,
      () => false,
    )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
