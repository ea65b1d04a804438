// Keeps the way in which names are read in step with the target: after a statement that may change it,
// and after a transaction that did, the next statement is read only once the target was asked again.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Reading, Statement } from '../../../engine/facts/postgres/reading.js'
import { flush } from './client-writes.js'
import { ask } from './internal-query.js'
import type { RelayState } from './relay-state.js'
import { message } from './wire-bytes.js'

export const NAMES =
  'select pg_catalog.array_to_json(pg_catalog.current_schemas(true))::pg_catalog.text,' +
  ' current_user::pg_catalog.text'
const FLUSH = message('H')

export function catalogueOf(r: RelayState): Catalogue {
  return r.ownCatalogue ?? r.connected.catalogues.current()
}

// False: the message in front must wait, and will be looked at again.
export function contextReady(r: RelayState): boolean {
  // What this session has loaded for itself carries the labels and the shared names of then.
  if (r.ownCatalogue !== undefined && r.ownBeside !== r.connected.catalogues.current()) {
    r.staleCatalogue = true
  }
  if (r.names !== undefined && !r.staleNames && !r.staleCatalogue) return true
  // Nothing can be asked now; what is read is refused by the target in any case but for the end of
  // the transaction.
  if (r.names !== undefined && r.session.transaction === 'failed') return true
  drained(r, () => {
    refreshed(r).then(
      () => resume(r),
      (thrown: unknown) =>
        r.fail({
          sqlstate: '58000',
          message: 'the names of the database could not be read',
          detail: thrown instanceof Error ? thrown.message : '',
        }),
    )
  })
  return false
}

// Calls back once the target owes nothing; the message in front waits until `resume`.
export function drained(r: RelayState, then: () => void): void {
  r.waiting = 'other'
  flush(r)
  if (r.expected.size() === 0) {
    then()
    return
  }
  r.onDrained = then
  // Within a pipeline the target keeps its answers until Sync or Flush.
  if (r.pipelineOpen) r.connected.target.write(FLUSH)
}

export function resume(r: RelayState): void {
  if (r.ended) return
  r.waiting = 'no'
  r.pump()
}

async function refreshed(r: RelayState): Promise<void> {
  if (r.session.transaction === 'failed' || r.skipping) return
  const rows = await ask(r, NAMES)
  const [path, role] = rows[0] ?? []
  const searchPath: unknown = JSON.parse(path ?? '')
  if (!Array.isArray(searchPath) || typeof role !== 'string') throw new Error('no search path')
  if (r.staleCatalogue) {
    const ownNames = searchPath.some((schema) => /^pg_temp_\d+$/.test(String(schema)))
    if (ownNames || r.session.transaction === 'open' || r.pipelineOpen) {
      r.ownBeside = r.connected.catalogues.current()
      r.ownCatalogue = await r.connected.catalogues.through((sql) => ask(r, sql), r.session.id)
    } else {
      await r.connected.catalogues.refresh()
      r.ownCatalogue = undefined
    }
    r.stamp++
  }
  const before = r.names
  const names = { searchPath: searchPath.map(String), role }
  if (before === undefined || JSON.stringify(before) !== JSON.stringify(names)) {
    r.names = names
    r.stamp++
  }
  r.staleNames = false
  r.staleCatalogue = false
}

// A statement is on its way to the target.
export function noteSent(r: RelayState, statement: Statement): void {
  const { names, catalogue } = statement.invalidates
  if (names) r.staleNames = r.touchedNames = true
  if (catalogue) r.staleCatalogue = r.touchedCatalogue = true
  if (statement.control.kind === 'rollback_to') again(r)
}

// The target says that no transaction is open.
export function noteTransactionOver(r: RelayState): void {
  again(r)
  r.touchedNames = false
  r.touchedCatalogue = false
}

function again(r: RelayState): void {
  if (r.touchedNames) r.staleNames = true
  if (r.touchedCatalogue) r.staleCatalogue = true
}

// A name that is not known may be new: the shared names are looked at again, once for each message and
// not too often. True: the message in front waits, and will be read again.
export function looksAgain(r: RelayState, reading: Reading): boolean {
  const now = r.parts.clock.monotonicUs()
  if (now - r.lookedAgainUs < LOOK_AGAIN_US || !reading.statements.some(hasUnknownName))
    return false
  r.lookedAgainUs = now
  if (r.ownCatalogue !== undefined) return false
  r.waiting = 'other'
  const before = r.connected.catalogues.current()
  r.connected.catalogues.refresh().then(
    (after) => {
      if (after !== before) r.stamp++
      resume(r)
    },
    // It is judged as it was read: refused, as a rule.
    () => resume(r),
  )
  return true
}

const LOOK_AGAIN_US = 500_000

function hasUnknownName({ command }: Statement): boolean {
  return command.unread.some(({ reason }) => reason === 'name_not_resolved')
}

// undefined: it is being read elsewhere, and the message in front will be looked at again.
export function readingOf(r: RelayState, text: string): Reading | undefined {
  const catalogue = catalogueOf(r)
  const { names, lastRead } = r
  if (names === undefined) throw new Error('names are not known')
  if (
    lastRead !== undefined &&
    lastRead.text === text &&
    lastRead.catalogue === catalogue &&
    lastRead.names === names
  ) {
    return lastRead.reading
  }
  const reading = r.parts.read(text, catalogue, names)
  if (!(reading instanceof Promise)) return reading
  r.waiting = 'other'
  reading.then(
    (read) => {
      r.lastRead = { text, catalogue, names, reading: read }
      resume(r)
    },
    () => r.fail({ sqlstate: '58000', message: 'the statement could not be read' }),
  )
  return undefined
}
