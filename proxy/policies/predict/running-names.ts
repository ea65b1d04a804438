// The names that each statement of a script meets: those of the target, and what the statements before it
// made of them. Definitions run in a scratch PostgreSQL, so that names are what PostgreSQL says; nothing runs
// that does more than define.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { Effect } from '../../../engine/schemas/facts.js'
import { GatewayError } from '../../errors.js'
import { catalogueThrough, withLabels, type Ddl } from '../rehearsal/catalogue.js'
import { openScratchDatabase, type ScratchDatabase } from '../rehearsal/scratch-database.js'

export type RunningNames = {
  readonly catalogue: () => Catalogue
  readonly names: () => NameContext | undefined
  // Why the names after this statement are not what it would make of them; undefined where they are.
  readonly after: (text: string, statement: Statement) => Promise<string | undefined>
  readonly close: () => Promise<void>
}

export type RunningNamesOptions = {
  readonly catalogue: Catalogue
  readonly ddl: readonly Ddl[]
  readonly database: string
  readonly labels: readonly LabelRule[]
  readonly progress?: (what: string) => void
}

const STATEMENT_MS = 3_000

export function runningNames(options: RunningNamesOptions): RunningNames {
  let catalogue = options.catalogue
  let names: NameContext | undefined
  let scratch: ScratchDatabase | undefined
  // What opened the transaction that the script is in; not yet run where no server was needed so far.
  let open: string[] = []
  const opened = async (): Promise<ScratchDatabase> => {
    if (scratch !== undefined) return scratch
    options.progress?.('a scratch PostgreSQL runs the definitions of the script')
    const made = await openScratchDatabase(options.database)
    scratch = made
    for (const { file, text } of options.ddl) await made.apply(text, file)
    // A definition may compute its rows; no more of them than names need.
    await made.apply(`SET statement_timeout = ${STATEMENT_MS}`)
    for (const text of open) await made.apply(text)
    return made
  }
  const looked = async (database: ScratchDatabase): Promise<void> => {
    names = await namesIn(database)
    catalogue = await withLabels(await catalogueThrough(database.query), options.labels)
  }
  const transaction = async (text: string, { control }: Statement): Promise<void> => {
    if (control.kind === 'begin') open = [text]
    else if (control.kind === 'commit' || control.kind === 'rollback') open = []
    else open.push(text)
    if (scratch === undefined) return
    await scratch.apply(text)
    if (control.kind !== 'begin') await looked(scratch)
  }
  // A statement that fails must not take the transaction with it.
  const defined = async (text: string): Promise<void> => {
    const database = await opened()
    const inside = open.length > 0
    if (inside) await database.apply('SAVEPOINT sallyport_prediction')
    try {
      await database.apply(text)
    } catch (problem) {
      if (inside) await database.apply('ROLLBACK TO SAVEPOINT sallyport_prediction')
      throw problem
    }
    await looked(database)
  }
  return {
    catalogue: () => catalogue,
    names: () => names,
    async after(text, statement) {
      const { control, invalidates } = statement
      const searches = control.kind === 'set' && control.name === 'search_path'
      try {
        if (TRANSACTIONS.includes(control.kind)) await transaction(text, statement)
        else if (searches || (invalidates.catalogue && onlyDefines(statement))) await defined(text)
        else if (invalidates.catalogue) {
          return 'what it does to names is not known here; those after it are read as before'
        }
        return undefined
      } catch (problem) {
        if (!(problem instanceof GatewayError)) throw problem
        return `a scratch PostgreSQL refused it: ${problem.message}; names after it are as before`
      }
    },
    close: async () => scratch?.close(),
  }
}

const TRANSACTIONS: readonly Statement['control']['kind'][] = [
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'rollback_to',
  'release',
]

const DEFINED: readonly Effect['kind'][] = [
  'table',
  'view',
  'materialized_view',
  'sequence',
  'index',
  'function',
  'schema',
  'type',
  'trigger',
  'rule',
  'policy',
]

// The scratch database runs as a superuser: only what defines names goes there, and nothing that calls what
// does more than compute.
function onlyDefines({ command }: Statement): boolean {
  if (command.unread.length > 0) return false
  return command.effects.every(({ op, kind, detail }) => {
    if (op === 'read') return kind !== 'large_object' && kind !== 'other'
    if (op === 'call') return detail === 'immutable' || detail === 'stable' || detail === 'sequence'
    return ['create', 'alter', 'drop'].includes(op) && DEFINED.includes(kind)
  })
}

async function namesIn(database: ScratchDatabase): Promise<NameContext> {
  const [row] = await database.query(
    'SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(true))::pg_catalog.text',
  )
  const found: unknown = JSON.parse(row?.[0] ?? '[]')
  const searchPath = Array.isArray(found) ? found.map(String) : []
  return { searchPath, role: 'sallyport' }
}
