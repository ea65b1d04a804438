// Loads a target's catalogue through any connection to it: the gateway's own, or a client's, which
// also sees that session's temporary objects and uncommitted changes. The system's part is loaded once
// per target and server version.
import { builtCatalogue, builtPart } from '../../engine/facts/postgres/catalogue-build.js'
import type { CataloguePart } from '../../engine/facts/postgres/catalogue-build.js'
import { CatalogueShapeError, partOf } from '../../engine/facts/postgres/catalogue-rows.js'
import type { Catalogue } from '../../engine/facts/postgres/catalogue.js'
import { FINGERPRINT, IDENTITY, SERVER_PART, USER_PART } from './catalogue-queries.js'

// Runs one statement and gives its rows as text.
export type Query = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

// System parts by server version; one per target, since a target could differ from another of the
// same version.
export type ServerParts = Map<number, Promise<CataloguePart>>

let versions = 0

export async function loadCatalogue(query: Query, serverParts: ServerParts): Promise<Catalogue> {
  const [server, database] = await identityOf(query)
  const system = await serverPart(query, server, serverParts)
  const [cells] = await query(USER_PART)
  const user = builtPart(partOf(cells), false)
  versions += 1
  return builtCatalogue({ version: versions, database, server }, system, user)
}

// Equal texts mean that no name and no definition changed between the two.
export async function catalogueFingerprint(query: Query): Promise<string> {
  const [cells] = await query(FINGERPRINT)
  const text = cells?.[0]
  if (typeof text !== 'string') throw new CatalogueShapeError('the fingerprint query gave nothing')
  return text
}

async function identityOf(query: Query): Promise<readonly [server: number, database: string]> {
  const [cells] = await query(IDENTITY)
  const server = Number(cells?.[0])
  const database = cells?.[1]
  if (!Number.isInteger(server) || typeof database !== 'string') {
    throw new CatalogueShapeError('the target does not say which server and database it is')
  }
  return [server, database]
}

function serverPart(query: Query, server: number, parts: ServerParts): Promise<CataloguePart> {
  const known = parts.get(server)
  if (known !== undefined) return known
  const loading = query(SERVER_PART).then(([cells]) => builtPart(partOf(cells), true))
  parts.set(server, loading)
  loading.catch(() => parts.delete(server))
  return loading
}
