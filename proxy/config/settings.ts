// The configuration with every default filled in and every reference made usable: what the rest of the
// gateway is built from. Nothing in here is optional that has a default.
import type { Config } from '../../engine/schemas/config.js'
import type { IssuerSettings } from '../identity/identity.js'
import type { RecordingSettings } from '../recordings/settings.js'
import type { TelemetrySettings } from '../telemetry-settings.js'
import type { Address } from './address.js'
import type { Secret } from './secrets.js'

export type TlsSettings = {
  // Absolute path of the PEM chain.
  readonly certificate: string
  readonly key: Secret
}

export type PostgresListenerSettings = {
  readonly address: Address
  readonly tls: TlsSettings | undefined
  // Undefined: the client names the target.
  readonly target: string | undefined
  readonly plaintext: 'never' | 'loopback'
  readonly authentication: 'password' | 'oauthbearer'
}

export type WebSettings = {
  readonly address: Address
  readonly tls: TlsSettings | undefined
  readonly url: string
  // Undefined: there is no console, and nobody signs in here.
  readonly console: ConsoleSettings | undefined
}

export type ConsoleSettings = {
  // `iss` of one of the issuers.
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Secret | undefined
  readonly scope: string
  readonly resource: string | undefined
  readonly audience: string | undefined
  readonly idleMs: number
  readonly absoluteMs: number
  readonly stepUp: { readonly maxAgeMs: number; readonly acr: string | undefined }
}

export type AccountSettings = {
  // Undefined: anybody.
  readonly groups: readonly string[] | undefined
  readonly user: string
  readonly password: Secret | undefined
}

export type TargetSettings = {
  readonly name: string
  readonly kind: 'postgres'
  readonly host: string
  readonly port: number
  readonly database: string
  // Those that target/otherdb may name; `database` is always among them.
  readonly databases: readonly string[]
  readonly tls:
    | { readonly mode: 'off' }
    | { readonly mode: 'verify'; readonly ca: string | undefined; readonly serverName: string }
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  readonly unlabelled: 'open' | 'mask'
  readonly keyedMasks: 'exit' | 'source'
  readonly accounts: readonly AccountSettings[]
  readonly catalogue: {
    // Undefined: the first account that is open to anybody, else the first.
    readonly user: string | undefined
    readonly password: Secret | undefined
    readonly refreshMs: number
  }
}

export type LimitSettings = {
  readonly sessions: number
  readonly sessionsPerIdentity: number
  readonly messageBytes: number
  readonly statementBytes: number
  readonly statementsPerMessage: number
  readonly handshakeMs: number
  readonly idleMs: number
  readonly partialMessageMs: number
  readonly slowClientMs: number
  readonly holdsPerIdentity: number
  readonly drainMs: number
}

export type BundleSourceSettings =
  | { readonly kind: 'path'; readonly path: string }
  | {
      readonly kind: 'server'
      readonly url: string
      readonly user: string
      readonly token: Secret | undefined
      // Absolute path of a PEM file.
      readonly ca: string | undefined
      readonly pollMs: number
      readonly waitMs: number
    }

export type PolicySettings = {
  readonly source: BundleSourceSettings
  readonly fuel: number
  readonly signatures:
    | {
        readonly required: number
        // Absolute paths of PEM files.
        readonly keys: readonly { readonly name: string; readonly file: string }[]
        readonly scope: string | undefined
      }
    | undefined
  // Undefined: never.
  readonly staleMs: number | undefined
  readonly denyMs: number | undefined
  readonly operators: readonly string[]
  readonly shadow: BundleSourceSettings | undefined
}

export type EmailSettings = {
  readonly host: string
  readonly port: number
  readonly tls: 'starttls' | 'tls' | 'off'
  // Absolute path of a PEM file.
  readonly ca: string | undefined
  readonly login: { readonly user: string; readonly password: Secret } | undefined
  readonly from: string
  readonly to: readonly string[]
}

export type SlackSettings = {
  readonly token: Secret
  readonly signingSecret: Secret
  readonly channel: string
  readonly users: Readonly<
    Record<
      string,
      {
        readonly issuer: string
        readonly subject: string
        readonly name: string
        readonly groups: readonly string[]
      }
    >
  >
  readonly apiUrl: string
}

export type Settings = {
  // Absolute path of the file that was read.
  readonly file: string
  readonly listeners: {
    readonly postgres: readonly PostgresListenerSettings[]
    readonly web: WebSettings
  }
  readonly issuers: readonly IssuerSettings[]
  readonly targets: readonly TargetSettings[]
  readonly policy: PolicySettings
  readonly record: {
    readonly directory: string
    readonly signingKey: Secret | undefined
    readonly durability: NonNullable<Config['record']['durability']>
    readonly segmentBytes: number
    readonly syncMs: number
    readonly checkpointMs: number
    // Whether an index for searching is kept beside it.
    readonly search: boolean
    readonly erasable: boolean
    readonly witnesses: {
      readonly witnesses: readonly { readonly key: string; readonly url: string }[]
      readonly quorum: number
      readonly requiredMs: number | undefined
    }
    readonly publish: readonly PublishSettings[]
  }
  // Undefined: nothing is recorded beside the record.
  readonly recordings: RecordingSettings | undefined
  readonly state:
    | { readonly kind: 'sqlite'; readonly file: string }
    | { readonly kind: 'postgres'; readonly url: Secret }
  readonly approvals: {
    readonly selfApproval: boolean
    readonly webhooks: readonly { readonly url: string; readonly secret: Secret }[]
    readonly email: EmailSettings | undefined
    readonly teams: readonly { readonly url: Secret }[]
    readonly slack: SlackSettings | undefined
  }
  // Undefined: nothing is sent anywhere.
  readonly telemetry: TelemetrySettings | undefined
  // Undefined: one by chance for each start.
  readonly masks: { readonly key: Secret | undefined }
  readonly limits: LimitSettings
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}

// Where checkpoints are kept besides.
export type PublishSettings =
  | { readonly kind: 'file'; readonly file: string; readonly everyMs: number }
  | {
      readonly kind: 'http'
      readonly url: string
      readonly secret: Secret | undefined
      readonly everyMs: number
    }
  | {
      readonly kind: 'git'
      readonly directory: string
      readonly file: string
      readonly remote: string | undefined
      readonly branch: string | undefined
      readonly everyMs: number
    }
