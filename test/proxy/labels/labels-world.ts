// A real PostgreSQL with made-up people in it, a policy folder and a configuration: where `sallyport labels`
// is typed, without a process of its own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import pg from 'pg'
import { run } from '../../../proxy/commands/labels.js'
import { writeGatewayConfig } from '../../peers/gateway-config.js'
import { missingPostgres, startPostgres } from '../../peers/postgres.js'

export const NO_POSTGRES = missingPostgres('embedded')

export const POLICY = `# Rules for the world of labels.
package sallyport.policies

personal(labels) if {
	some label in labels
	label in {"pii", "free_text"} # and not "secret"
}
`

export type LabelsWorld = {
  readonly client: pg.Client
  readonly home: string
  readonly policies: string
  readonly serverLog: () => string
  readonly typed: (
    ...argv: readonly string[]
  ) => Promise<{ code: number; out: string; err: string }>
  readonly rules: (text?: string) => string
}

export async function labelsWorld(t: Test, ruleText?: string): Promise<LabelsWorld> {
  const server = await startPostgres({
    kind: 'embedded',
    config: { log_statement: 'all', log_line_prefix: '%u ' },
  })
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  await client.query(`CREATE ROLE reader LOGIN PASSWORD 'reader-password'`)
  const home = mkdtempSync(join(tmpdir(), 'sp-labels-'))
  t.teardown(async () => {
    await client.end()
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })
  const policies = join(home, 'ours')
  const data = join(policies, 'data/labels')
  mkdirSync(data, { recursive: true })
  mkdirSync(join(policies, 'policies'))
  writeFileSync(join(policies, 'sallyport-policy.yaml'), 'version: 1\n')
  writeFileSync(join(policies, 'policies/personal.rego'), POLICY)
  const file = join(data, 'data.yaml')
  if (ruleText !== undefined) writeFileSync(file, ruleText)
  const clientSecretFile = join(home, 'client-secret')
  writeFileSync(clientSecretFile, 'test')
  writeGatewayConfig(
    {
      target: {
        name: 'shop',
        host,
        port,
        database: 'postgres',
        accounts: [{ user: 'reader', password: 'reader-password' }],
      },
      policies,
    },
    {
      directory: home,
      postgresPort: 6432,
      webPort: 8470,
      issuer: { url: 'http://127.0.0.1:9', clientSecretFile },
    },
  )
  return {
    client,
    home,
    policies,
    serverLog: server.log,
    typed: async (...argv) => {
      let [out, err] = ['', '']
      const code = await run(argv, {
        stdout: { write: (text: string) => (out += text) },
        stderr: { write: (text: string) => (err += text) },
        env: {},
        cwd: home,
      })
      return { code, out, err }
    },
    rules: (text) => {
      if (text !== undefined) writeFileSync(file, text)
      return readFileSync(file, 'utf8')
    },
  }
}
