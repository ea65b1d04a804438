// Loads a target's catalogue through any connection to it: the gateway's own, or a client's, which
// also sees that session's temporary objects and uncommitted changes. The system's part is loaded once
// per target and server version.
import { createHash } from 'node:crypto'
import { builtCatalogue, builtPart } from '../../engine/facts/postgres/catalogue-build.js'
import type { CataloguePart } from '../../engine/facts/postgres/catalogue-build.js'
import { CatalogueShapeError, partOf } from '../../engine/facts/postgres/catalogue-rows.js'
import type { Catalogue } from '../../engine/facts/postgres/catalogue.js'
import { FINGERPRINT, IDENTITY, PLACE, SERVER_PART, USER_PART } from './catalogue-queries.js'

/** All that the gateway asks of a target for itself: a target's log has these, and the record has not. */
export const CATALOGUE_QUERIES = [IDENTITY, PLACE, SERVER_PART, USER_PART, FINGERPRINT] as const

// Runs one statement and gives its rows as text.
export type Query = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

// System parts by server version; one per target, since a target could differ from another of the
// same version.
export type ServerParts = Map<number, Promise<CataloguePart>>

export type Loaded = {
  readonly catalogue: Catalogue
  // Of what the users' part was built from.
  readonly digest: string
}

let versions = 0

// Unlike any that a catalogue of this process had before.
export function nextCatalogueVersion(): number {
  versions += 1
  return versions
}

export async function loadCatalogue(query: Query, serverParts: ServerParts): Promise<Catalogue> {
  return (await reloadedCatalogue(query, serverParts, undefined)).catalogue
}

// Gives `known` back where nothing changed since it was loaded from the same database.
export async function reloadedCatalogue(
  query: Query,
  serverParts: ServerParts,
  known: Loaded | undefined,
): Promise<Loaded> {
  const [server, database] = await identityOf(query)
  const system = await serverPart(query, server, serverParts)
  const [cells] = await query(USER_PART)
  const digest = createHash('sha256').update(JSON.stringify(cells)).digest('hex')
  const same = known?.digest === digest && known.catalogue.server === server
  if (known !== undefined && same && known.catalogue.database === database) return known
  const user = builtPart(partOf(cells), false)
  return {
    digest,
    catalogue: builtCatalogue({ version: nextCatalogueVersion(), database, server }, system, user),
  }
}

// Equal texts mean that no name and no definition changed between the two.
export async function catalogueFingerprint(query: Query): Promise<string> {
  const [cells] = await query(FINGERPRINT)
  const text = cells?.[0]
  if (typeof text !== 'string') throw new CatalogueShapeError('the fingerprint query gave nothing')
  return text
}

// Empty where the server does not say: then it is taken to be the one it was.
export async function cataloguePlace(query: Query): Promise<string> {
  try {
    const [cells] = await query(PLACE)
    return cells?.[0] ?? ''
  } catch {
    return ''
  }
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
