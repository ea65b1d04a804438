// Reads a synthesised command again by the gateway's own reader, against tables made for it in a scratch
// PostgreSQL: what the facts then are is what a client would bring about, under the labels of either policy.
import { loadModule } from 'libpg-query'
import { createReader } from '../../../engine/facts/postgres/read.js'
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { CommandFacts } from '../../../engine/schemas/facts.js'
import { ddlCatalogue, withLabels } from '../rehearsal/catalogue.js'

const NAMES: NameContext = { searchPath: ['pg_catalog', 'public'], role: 'sallyport' }
const DATABASE = 'generated'

export type Rereading = {
  readonly catalogues: Readonly<Record<'before' | 'after', Catalogue>>
  // The facts of a single statement; undefined where the text is none, or does not read.
  readonly read: (
    text: string,
    side: 'before' | 'after',
    message: CommandFacts['postgres']['message'],
  ) => Promise<CommandFacts | undefined>
}

export type RereadingOptions = {
  // Tables beside the ordinary ones, and the columns that each gets.
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly labels: {
    readonly before: readonly LabelRule[]
    readonly after: readonly LabelRule[]
  }
  readonly cache: string
  readonly progress: (what: string) => void
}

export async function createRereading(options: RereadingOptions): Promise<Rereading> {
  const { cache, progress, labels } = options
  const text = synthesisedDdl(options.tables, options.columns)
  const names = await ddlCatalogue({
    ddl: [{ file: 'the generated tables', text }],
    database: DATABASE,
    cache,
    progress,
  })
  await loadModule()
  const catalogues: Rereading['catalogues'] = {
    before: await withLabels(names, labels.before),
    after: await withLabels(names, labels.after),
  }
  const reader = await createReader()
  return {
    catalogues,
    async read(sql, side, message) {
      const { statements, syntaxError } = await reader.read(sql, catalogues[side], NAMES)
      const [first, ...rest] = statements
      if (first === undefined || rest.length > 0 || syntaxError !== undefined) return undefined
      const { protocol, effects, flows, unread, postgres } = first.command
      return {
        protocol,
        digest: `sha256:${'0'.repeat(64)}`,
        effects,
        flows,
        unread,
        postgres: { ...postgres, message, position: 1, of: 1 },
      }
    },
  }
}

// The tables that synthesised commands speak of; each has every labelled column.
export function synthesisedDdl(tables: readonly string[], columns: readonly string[]): string {
  const extra = [...new Set(columns)].filter((name) => !['id', 'note'].includes(name)).sort()
  const body = ['id int PRIMARY KEY', 'note text', ...extra.map((name) => `${quoted(name)} text`)]
  const wanted = new Set(['public.orders', 'public.others', ...tables])
  const parsed = [...wanted].sort().flatMap((name) => {
    const [schema, table, ...more] = name.split('.')
    const isTable = schema !== undefined && table !== undefined && more.length === 0
    return isTable && !/^pg_|^information_schema$/.test(schema) ? [[schema, table] as const] : []
  })
  const schemas = [...new Set(['sales', ...parsed.map(([schema]) => schema)])]
  return [
    ...schemas.filter((name) => name !== 'public').map((name) => `CREATE SCHEMA ${quoted(name)};`),
    ...parsed.map(
      ([schema, table]) => `CREATE TABLE ${quoted(schema)}.${quoted(table)} (${body.join(', ')});`,
    ),
    'CREATE VIEW public.open_orders AS SELECT * FROM public.orders;',
    'CREATE MATERIALIZED VIEW public.order_totals AS SELECT * FROM public.orders;',
    'CREATE FOREIGN DATA WRAPPER nothing;',
    'CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;',
    `CREATE FOREIGN TABLE public.remote_orders (${['id int', ...body.slice(1)].join(', ')}) SERVER elsewhere;`,
    'CREATE SEQUENCE public.order_ids;',
    'CREATE INDEX orders_note ON public.orders (note);',
    "CREATE TYPE public.mood AS ENUM ('good', 'bad');",
    'CREATE ROLE readers;',
    "CREATE FUNCTION public.helper() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ...FUNCTIONS.map(
      ([name, options]) =>
        `CREATE FUNCTION public.${name}() RETURNS int LANGUAGE plpgsql ${options} AS 'BEGIN RETURN 1; END';`,
    ),
    '',
  ].join('\n')
}

const FUNCTIONS = [
  ['immutable_function', 'IMMUTABLE'],
  ['stable_function', 'STABLE'],
  ['volatile_function', 'VOLATILE'],
  ['security_definer_function', 'SECURITY DEFINER'],
] as const

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
