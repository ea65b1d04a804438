// The names of a database from its DDL: a real PostgreSQL reads it, the gateway's own queries ask for the
// names, and what they said is kept by the digest of the DDL, so that the next run needs no server.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadModule } from 'libpg-query'
import { labelled } from '../../../engine/facts/postgres/labels.js'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { LabelRule } from '../../../engine/policy/policy.js'
import { loadCatalogue, nextCatalogueVersion, type Query } from '../../targets/catalogue.js'
import { IDENTITY, SERVER_PART, USER_PART } from '../../targets/catalogue-queries.js'
import { openScratchDatabase } from './scratch-database.js'

export type Ddl = { readonly file: string; readonly text: string }

export type CatalogueOptions = {
  // Run in order, as a superuser.
  readonly ddl: readonly Ddl[]
  readonly database: string
  // Folder in which answers are kept.
  readonly cache: string
  // Told when a server has to be started.
  readonly progress?: (what: string) => void
}

// Answers to the catalogue's queries, by query.
type Answers = Readonly<Record<string, readonly (readonly (string | null)[])[]>>

const QUERIES = { identity: IDENTITY, server: SERVER_PART, user: USER_PART }

// Without labels: see `withLabels`. Rejects with GatewayError('usage') where PostgreSQL refuses the DDL.
export async function ddlCatalogue(options: CatalogueOptions): Promise<Catalogue> {
  const { ddl, database, cache } = options
  const file = join(cache, 'catalogues', `${digestOf(ddl, database)}.json`)
  let answers = await kept(file)
  if (answers === undefined) {
    options.progress?.(`a scratch PostgreSQL reads the DDL of ${database}`)
    answers = await answersOf(ddl, database)
    await mkdir(join(cache, 'catalogues'), { recursive: true })
    // Whole or not at all, whoever else writes it.
    const part = `${file}.${randomUUID()}`
    await writeFile(part, JSON.stringify(answers))
    await rename(part, file)
  }
  return catalogueOf(answers)
}

// As the gateway labels a target's names.
export async function withLabels(
  catalogue: Catalogue,
  rules: readonly LabelRule[],
  unlabelled = false,
): Promise<Catalogue> {
  await loadModule()
  const names = labelled(catalogue, rules, undefined, [], unlabelled)
  return { ...names, version: nextCatalogueVersion() }
}

// Of a database that is there already, such as a scratch one in which a script has run so far.
export function catalogueThrough(query: Query): Promise<Catalogue> {
  return loadCatalogue(query, new Map())
}

async function answersOf(ddl: readonly Ddl[], database: string): Promise<Answers> {
  const scratch = await openScratchDatabase(database)
  try {
    for (const { file, text } of ddl) await scratch.apply(text, file)
    const answers: Record<string, readonly (readonly (string | null)[])[]> = {}
    // One at a time: there is one connection.
    for (const [name, query] of Object.entries(QUERIES)) answers[name] = await scratch.query(query)
    return answers
  } finally {
    await scratch.close()
  }
}

function catalogueOf(answers: Answers): Promise<Catalogue> {
  return loadCatalogue((sql) => {
    const name = Object.entries(QUERIES).find(([, query]) => query === sql)?.[0] ?? ''
    const rows = answers[name]
    return rows === undefined
      ? Promise.reject(new Error('the catalogue asks for more than was kept'))
      : Promise.resolve(rows)
  }, new Map())
}

// A file that is torn or of another version of the queries counts as none.
async function kept(file: string): Promise<Answers | undefined> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as Answers
    await catalogueOf(found)
    return found
  } catch {
    return undefined
  }
}

function digestOf(ddl: readonly Ddl[], database: string): string {
  const texts = [...Object.values(QUERIES), database, ...ddl.map(({ text }) => text)]
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex')
}
