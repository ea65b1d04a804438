// A gateway in front of a real PostgreSQL for stories about approvals: policies of its own beside the shipped
// ones, people of any groups with tokens of the real issuer's key, and what the record says of it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { run } from '../../proxy/commands/approvals.js'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { createLog } from '../../proxy/log.js'
import { startGateway, type Gateway } from '../../proxy/serve.js'
import { REPOSITORY, TOOL_CACHE, type TestGatewayOptions } from '../peers/gateway-config.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { signer } from '../peers/issuer.js'
import type { Postgres } from '../peers/postgres.js'

export type ApprovalsWorld = {
  readonly gateway: TestGateway
  readonly policies: string
  readonly person: (
    subject: string,
    groups: readonly string[],
    claims?: Readonly<Record<string, unknown>>,
  ) => Promise<Person>
  readonly approvalLines: (id?: string) => readonly ApprovalLine[]
  readonly lines: (kind: string) => readonly Readonly<Record<string, unknown>>[]
  // The policies as they stand in their folder now.
  readonly reload: () => Promise<void>
  readonly stop: () => Promise<void>
  // Another gateway on the same record, state and address, once this one has stopped.
  readonly startAgain: () => Promise<Gateway>
}

export type ApprovalLine = {
  readonly approval: string
  readonly event: string
  readonly by?: string
  readonly via?: string
  readonly reason?: string
  readonly until?: number
}

export type Person = {
  readonly subject: string
  readonly token: string
  readonly client: (options?: pg.ClientConfig) => pg.Client
  readonly typed: (
    ...argv: readonly string[]
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>
  readonly api: (path: string, body?: object) => Promise<{ status: number; body: Json }>
}

export type Json = Readonly<Record<string, unknown>> & { readonly id?: string }

export async function approvalsWorld(
  t: Test,
  server: Postgres,
  more: {
    readonly labels?: Readonly<Record<string, string>>
    // Files beside the shipped policies, by path; one that exists is replaced.
    readonly files?: Readonly<Record<string, string>>
    readonly options?: Partial<TestGatewayOptions>
  } = {},
): Promise<ApprovalsWorld> {
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
  for (const [path, text] of Object.entries(more.files ?? {})) {
    writeFileSync(join(policies, path), text)
  }
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      database: 'postgres',
      host: server.host,
      port: server.port,
      labels: more.labels ?? { env: 'prod' },
      accounts: [{ user: server.superuser, password: server.password }],
    },
    policies,
    revocation: 'none',
    ...more.options,
  })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= gateway.stop())
  t.teardown(async () => {
    await stop()
    rmSync(policies, { recursive: true, force: true })
  })
  const sign = signer(join(gateway.directory, 'issuer'), gateway.issuer)
  const lines = (kind: string) =>
    recordLines(gateway.recordDirectory).filter((one) => one.kind === kind)
  return {
    gateway,
    policies,
    lines,
    approvalLines: (id) =>
      (lines('approval') as unknown as readonly ApprovalLine[]).filter(
        ({ approval }) => id === undefined || approval === id,
      ),
    person: async (subject, groups, claims = {}) => {
      const about = { sub: subject, preferred_username: subject, kind: 'human', groups }
      const token = await sign({ claims: { ...about, amr: ['pwd', 'mfa'], ...claims } })
      return personOf(gateway, subject, token)
    },
    reload: () => gateway.gateway.reload(settingsFrom(gateway.configFile, process.env)),
    stop,
    startAgain: () =>
      startGateway(settingsFrom(gateway.configFile, process.env), {
        env: process.env,
        log: createLog({ level: 'error', destination: { write: () => undefined } }),
        version: 'test',
        toolCache: TOOL_CACHE,
      }),
  }
}

function personOf(gateway: TestGateway, subject: string, token: string): Person {
  return {
    subject,
    token,
    client: (options) =>
      new pg.Client({
        host: gateway.host,
        port: gateway.port,
        user: 'token',
        password: token,
        database: 'shop',
        ...options,
      }),
    async typed(...argv) {
      let [out, err] = ['', '']
      const code = await run(argv, {
        stdout: { write: (text: string) => (out += text) },
        stderr: { write: (text: string) => (err += text) },
        env: { HOME: '/nonexistent', SALLYPORT_URL: gateway.webUrl, SALLYPORT_TOKEN: token },
        cwd: '/',
      })
      return { code, out, err }
    },
    async api(path, body) {
      const response = await fetch(`${gateway.webUrl}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Json }
    },
  }
}

function recordLines(directory: string): readonly { readonly kind: string }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly kind: string })
}

// Waits for a condition, however busy the machine is.
export async function until<Found>(
  what: string,
  found: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const one = await found()
    if (one !== undefined) return one
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// The one request that waits, as this person sees it.
export function pendingFor(person: Person): Promise<string> {
  return until('a request waits', async () => {
    const { body } = await person.api('/api/approvals')
    const [one] = body['approvals'] as readonly { readonly id: string }[]
    return one?.id
  })
}

export function failing(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => new Error('was not refused'),
    (problem: unknown) => problem,
  )
}
