// The worlds on one real PostgreSQL, and a gateway with the shipped policies in front of the two that hold
// true values. Clients ask as an agent does; the masked world is asked directly.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { startPostgres } from '../peers/postgres.js'
import { maskKeyOf } from '../../proxy/protocols/postgres/mask-key.js'
import { LABELS, MASKS, worldSql, type Methods, type World } from './worlds.js'

export type Arena = {
  /** An agent's connection through the gateway; of `masked`, one of the superuser's own. */
  readonly client: (world: World) => Promise<pg.Client>
  /** A connection of the superuser's own to the first world. */
  readonly truth: () => Promise<pg.Client>
  readonly log: () => string
  readonly recordDirectory: string
  readonly stop: () => Promise<void>
}

const WORLDS: readonly World[] = ['one', 'other', 'masked']

// Chance makes cross products: those that take longer on masked values are left out, and all end.
const MASKED_MS = 1000
const QUERY_MS = 10_000

const TARGET = 'shop'
// As the operator of a gateway has it in a file.
const SECRET = 'a secret of the oracle, longer than 32 characters'

// Rows that an agent does not see: by `filters`, data of the policies; in the masked world they are gone,
// and in the other one there are more of them.
export type HiddenRows = {
  readonly filters: string
  readonly gone: string
  readonly more: string
}

export async function startArena(methods: Methods = 'redact', hidden?: HiddenRows): Promise<Arena> {
  const key = maskKeyOf(Buffer.from(SECRET), TARGET)
  const server = await startPostgres({
    kind: 'embedded',
    config: { max_parallel_workers_per_gather: '0', statement_timeout: String(QUERY_MS) },
  })
  const { host, port, superuser: user, password } = server
  const direct = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    return client
  }
  const first = await direct('postgres')
  for (const world of WORLDS) {
    await first.query(`CREATE DATABASE ${world}`)
    const client = await direct(world)
    await client.query(worldSql(world, methods, key))
    if (world === 'masked') await client.query(hidden?.gone ?? '')
    if (world === 'other') await client.query(hidden?.more ?? '')
    await client.end()
  }
  await first.query(`ALTER DATABASE masked SET statement_timeout = ${MASKED_MS}`)
  await first.end()
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
  writeFileSync(join(policies, 'data/labels/data.yaml'), LABELS)
  writeFileSync(join(policies, 'data/limits/data.yaml'), NO_LIMITS)
  if (hidden !== undefined) writeFileSync(join(policies, 'data/filters/data.yaml'), hidden.filters)
  writeFileSync(join(policies, 'data/masks/data.yaml'), MASKS[methods])
  const secret = join(policies, 'secret')
  writeFileSync(secret, SECRET, { mode: 0o600 })
  const gateway = await startTestGateway({
    policies,
    target: {
      name: TARGET,
      database: 'one',
      databases: ['one', 'other'],
      host,
      port,
      labels: { env: 'test' },
      keyedMasks: 'source',
      accounts: [{ user, password }],
    },
    config: { masks: { key: `file:${secret}` } },
  })
  const open: pg.Client[] = []
  return {
    client: async (world) => {
      const client =
        world === 'masked'
          ? await direct(world)
          : new pg.Client({
              host: gateway.host,
              port: gateway.port,
              user: 'agent',
              password: await gateway.token('agent'),
              database: `shop/${world}`,
            })
      if (world !== 'masked') await client.connect()
      open.push(client)
      return client
    },
    truth: async () => {
      const client = await direct('one')
      open.push(client)
      return client
    },
    log: gateway.log,
    recordDirectory: gateway.recordDirectory,
    stop: async () => {
      for (const client of open) await client.end()
      await gateway.stop()
      await server.stop()
      rmSync(policies, { recursive: true, force: true })
    },
  }
}

// `data.limits` for whoever asks more in a minute than an agent may.
export const NO_LIMITS = `human: { decision: {}, commands_last_minute: 100000000 }
agent: { decision: {}, commands_last_minute: 100000000 }
pipeline: { decision: {}, commands_last_minute: 100000000 }
`
