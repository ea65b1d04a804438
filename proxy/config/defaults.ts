// The one place where a default is written. Takes a configuration that fits the schema and gives the
// complete settings; paths are taken from the folder of the configuration file.
import { dirname, resolve } from 'node:path'
import type { Config, IssuerConfig, TargetConfig } from '../../engine/schemas/config.js'
import type { Algorithm, IssuerSettings } from '../identity/identity.js'
import { addressOf, isRemote, isSocketDirectory } from './address.js'
import { approvalSettings } from './approval-defaults.js'
import { recordingSettings } from './recording-defaults.js'
import { consoleSettings } from './console-defaults.js'
import { evidenceSettings } from './evidence-defaults.js'
import { telemetrySettings } from './telemetry-defaults.js'
import { secretOf, type Secret, type SecretSources } from './secrets.js'
import type {
  BundleSourceSettings,
  LimitSettings,
  PolicySettings,
  Settings,
  TargetSettings,
  TlsSettings,
} from './settings.js'

type Follow = (reference: string) => Secret
type Locate = (path: string) => string

export const DEFAULTS = {
  // What nearly every provider signs with; a symmetric or `none` cannot be configured at all.
  algorithms: ['RS256', 'ES256', 'EdDSA'] as readonly Algorithm[],
  clockSkewMs: 30_000,
  outageGraceMs: 900_000,
  catalogueRefreshMs: 15_000,
  // About 6 ms of policy, three hundred times what a decision takes.
  fuel: 5_000_000,
  pollMs: 30_000,
  // Below the minute after which many a load balancer gives up.
  waitMs: 50_000,
  operators: ['policy-operators'] as readonly string[],
  // Registries that take tokens look at the token alone.
  registryUser: 'sallyport',
  segmentBytes: 67_108_864,
  syncMs: 20,
  checkpointMs: 10_000,
} as const

export const DEFAULT_LIMITS: LimitSettings = {
  // 10 KB of memory each at rest; the target's own max_connections is usually met first.
  sessions: 1_000,
  sessionsPerIdentity: 100,
  // What a message may weigh, data rows and COPY excepted.
  messageBytes: 16_777_216,
  statementBytes: 1_048_576,
  statementsPerMessage: 1_000,
  handshakeMs: 10_000,
  idleMs: 28_800_000,
  partialMessageMs: 30_000,
  slowClientMs: 300_000,
  holdsPerIdentity: 10,
  drainMs: 30_000,
}

export function settingsOf(config: Config, file: string, env: SecretSources['env']): Settings {
  const directory = dirname(resolve(file))
  const locate: Locate = (path) => resolve(directory, path)
  const follow: Follow = (reference) => secretOf(reference, { env, directory })
  const record = locate(config.record.directory)
  return {
    file: resolve(file),
    listeners: listenersOf(config, locate, follow),
    issuers: config.issuers.map((issuer) => issuerSettings(issuer, follow)),
    targets: Object.entries(config.targets).map(([name, target]) =>
      targetSettings(name, target, locate, follow),
    ),
    policy: policySettings(config.policy, locate, follow),
    record: {
      directory: record,
      signingKey: optional(config.record.signing_key, follow),
      durability: config.record.durability ?? 'changes',
      segmentBytes: config.record.segment_bytes ?? DEFAULTS.segmentBytes,
      syncMs: config.record.sync_ms ?? DEFAULTS.syncMs,
      checkpointMs: config.record.checkpoint_ms ?? DEFAULTS.checkpointMs,
      search: config.record.search ?? true,
      ...evidenceSettings(config.record, locate, follow),
    },
    recordings: optional(config.recordings, (one) => recordingSettings(one, locate, follow)),
    state:
      config.state?.url === undefined
        ? { kind: 'sqlite', file: locate(config.state?.file ?? resolve(record, 'state.sqlite')) }
        : { kind: 'postgres', url: follow(config.state.url) },
    approvals: approvalSettings(config.approvals ?? {}, locate, follow),
    telemetry: optional(config.telemetry?.otlp, (one) => telemetrySettings(one, follow)),
    limits: limitsOf(config.limits ?? {}),
    masks: { key: optional(config.masks?.key, follow) },
    log: { level: config.log?.level ?? 'info' },
  }
}

function optional<From, To>(value: From | undefined, made: (value: From) => To): To | undefined {
  return value === undefined ? undefined : made(value)
}

function listenersOf(config: Config, locate: Locate, follow: Follow): Settings['listeners'] {
  const tlsOf = (tls: { certificate: string; key: string }): TlsSettings => ({
    certificate: locate(tls.certificate),
    key: follow(tls.key),
  })
  const { web, postgres } = config.listeners
  const scheme = web.tls === undefined ? 'http' : 'https'
  return {
    postgres: (postgres ?? []).map((listener) => ({
      address: addressOf(listener.address),
      tls: optional(listener.tls, tlsOf),
      target: listener.target,
      plaintext: listener.plaintext ?? 'never',
      authentication: listener.authentication ?? 'password',
    })),
    web: {
      address: addressOf(web.address),
      tls: optional(web.tls, tlsOf),
      url: web.url ?? `${scheme}://${web.address}`,
      console: consoleSettings(web.console, config.issuers, follow),
    },
  }
}

function issuerSettings(issuer: IssuerConfig, follow: Follow): IssuerSettings {
  return {
    issuer: issuer.issuer,
    audience: issuer.audience,
    clientId: issuer.client_id ?? issuer.audience,
    clientSecret: optional(issuer.client_secret, follow),
    algorithms: issuer.algorithms ?? DEFAULTS.algorithms,
    tokenType: issuer.token_type ?? 'access',
    clockSkewMs: issuer.clock_skew_ms ?? DEFAULTS.clockSkewMs,
    outageGraceMs: issuer.outage_grace_ms ?? DEFAULTS.outageGraceMs,
    revocation: issuer.revocation ?? 'none',
    claims: {
      name: issuer.claims?.name ?? 'preferred_username',
      kind: issuer.claims?.kind ?? 'kind',
      groups: issuer.claims?.groups ?? 'groups',
      mfa: issuer.claims?.mfa ?? 'amr',
      forward: issuer.claims?.forward ?? [],
    },
    defaultKind: issuer.default_kind ?? 'human',
  }
}

function targetSettings(
  name: string,
  target: TargetConfig,
  locate: Locate,
  follow: Follow,
): TargetSettings {
  const database = target.database ?? name
  const off = target.tls === undefined ? isSocketDirectory(target.host) : target.tls.mode === 'off'
  return {
    name,
    kind: target.kind,
    host: target.host,
    port: target.port ?? 5432,
    database,
    databases: [...new Set([database, ...(target.databases ?? [])])],
    tls: off
      ? { mode: 'off' }
      : {
          mode: 'verify',
          ca: optional(target.tls?.ca, locate),
          serverName: target.tls?.server_name ?? target.host,
        },
    labels: target.labels ?? {},
    zone: target.zone ?? 'UTC',
    unlabelled: target.unlabelled ?? 'open',
    keyedMasks: target.keyed_masks ?? 'exit',
    accounts: target.accounts.map(({ groups, user, password }) => ({
      groups,
      user,
      password: optional(password, follow),
    })),
    catalogue: {
      user: target.catalogue?.user,
      password: optional(target.catalogue?.password, follow),
      refreshMs: target.catalogue?.refresh_ms ?? DEFAULTS.catalogueRefreshMs,
    },
  }
}

function policySettings(policy: Config['policy'], locate: Locate, follow: Follow): PolicySettings {
  const { signatures, shadow } = policy
  return {
    source: bundleSource(policy, locate, follow),
    fuel: policy.fuel ?? DEFAULTS.fuel,
    signatures: optional(signatures, ({ required, keys, scope }) => ({
      required,
      keys: Object.entries(keys).map(([name, file]) => ({ name, file: locate(file) })),
      scope,
    })),
    staleMs: policy.stale_ms,
    denyMs: policy.deny_ms,
    operators: policy.operators ?? DEFAULTS.operators,
    shadow: optional(shadow, (one) => bundleSource(one, locate, follow)),
  }
}

function bundleSource(
  { source, server = {} }: Pick<Config['policy'], 'source' | 'server'>,
  locate: Locate,
  follow: Follow,
): BundleSourceSettings {
  if (!isRemote(source)) return { kind: 'path', path: locate(source) }
  return {
    kind: 'server',
    url: source,
    user: server.user ?? DEFAULTS.registryUser,
    token: optional(server.token, follow),
    ca: optional(server.ca, locate),
    pollMs: server.poll_ms ?? DEFAULTS.pollMs,
    waitMs: server.wait_ms ?? DEFAULTS.waitMs,
  }
}

function limitsOf(limits: NonNullable<Config['limits']>): LimitSettings {
  return {
    sessions: limits.sessions ?? DEFAULT_LIMITS.sessions,
    sessionsPerIdentity: limits.sessions_per_identity ?? DEFAULT_LIMITS.sessionsPerIdentity,
    messageBytes: limits.message_bytes ?? DEFAULT_LIMITS.messageBytes,
    statementBytes: limits.statement_bytes ?? DEFAULT_LIMITS.statementBytes,
    statementsPerMessage: limits.statements_per_message ?? DEFAULT_LIMITS.statementsPerMessage,
    handshakeMs: limits.handshake_ms ?? DEFAULT_LIMITS.handshakeMs,
    idleMs: limits.idle_ms ?? DEFAULT_LIMITS.idleMs,
    partialMessageMs: limits.partial_message_ms ?? DEFAULT_LIMITS.partialMessageMs,
    slowClientMs: limits.slow_client_ms ?? DEFAULT_LIMITS.slowClientMs,
    holdsPerIdentity: limits.holds_per_identity ?? DEFAULT_LIMITS.holdsPerIdentity,
    drainMs: limits.drain_ms ?? DEFAULT_LIMITS.drainMs,
  }
}
