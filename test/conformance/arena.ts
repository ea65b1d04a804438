// Where cases are run: a scratch PostgreSQL with the file's schema, and a gateway in front with the
// shipped policies. The agent reaches the owner's account, the pipeline a superuser's.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { onServer, type Arena } from './attempt.js'
import type { CaseFile } from './cases.js'

const DATABASE = 'attacklab'
const TEMPLATE = 'attacklab_tmpl'
const OWNER = 'gw_owner'

export async function openArena(
  file: CaseFile,
  // A folder of policies; the shipped library when left out.
  policies?: string,
): Promise<Arena & { readonly close: () => Promise<void>; readonly log: () => string }> {
  const kind = missingPostgres('debian') === false ? 'debian' : 'embedded'
  const server = await startPostgres({
    kind,
    config: {
      wal_level: 'logical',
      max_replication_slots: '8',
      max_wal_senders: '8',
      max_connections: '60',
      // Writes of its own would look like those of a case.
      autovacuum: 'off',
    },
  })
  const ownerPassword = 'owner-of-the-attack-laboratory'
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-arena-'))
  chmodSync(scratch, 0o777)
  const about = { server, database: DATABASE }
  await onServer(about, `CREATE ROLE ${OWNER} LOGIN PASSWORD '${ownerPassword}'`, 'postgres')
  await onServer(
    about,
    `CREATE DATABASE ${TEMPLATE} OWNER ${OWNER} ENCODING 'UTF8' TEMPLATE template0`,
    'postgres',
  )
  await onServer(about, `SET ROLE ${OWNER}; ${file.base_schema_sql}`, TEMPLATE)
  await onServer(
    about,
    `CREATE DATABASE ${DATABASE} TEMPLATE ${TEMPLATE} OWNER ${OWNER}`,
    'postgres',
  )
  const gateway = await startTestGateway({
    ...(policies === undefined ? {} : { policies }),
    target: {
      name: DATABASE,
      host: server.host,
      port: server.port,
      accounts: [
        { groups: ['pipelines'], user: server.superuser, password: server.password },
        { user: OWNER, password: ownerPassword },
      ],
    },
  })
  return {
    database: DATABASE,
    template: TEMPLATE,
    owner: OWNER,
    scratch,
    server,
    gateway,
    logins: {
      owner: { user: 'agent', password: await gateway.token('agent') },
      super: { user: 'pipeline', password: await gateway.token('pipeline') },
    },
    canaries: file.canaries,
    log: gateway.log,
    close: async () => {
      await gateway.stop()
      await server.stop()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
