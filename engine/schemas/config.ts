// The configuration file, sallyport.yaml. `rego/schemas/config.json` is generated from this for editors
// (`# yaml-language-server: $schema=…`). Durations are milliseconds, sizes bytes. One table of every key,
// and so longer than other files.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const address = {
  type: 'string',
  pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^:\\s]+):[0-9]{1,5}$',
  description:
    'host:port to listen on, such as 127.0.0.1:6432 or [::]:6432; port 0 picks a free one',
} as const

// What fails this pattern may be the secret itself, and is shown in no message.
export const SECRET_PATTERN = '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$'

const secret = {
  type: 'string',
  pattern: SECRET_PATTERN,
  description: 'where the secret is: env:NAME or file:/path; never the secret itself',
} as const

const group = { type: 'string', minLength: 1 } as const

const mailAddress = {
  type: 'string',
  maxLength: 254,
  pattern: "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$",
  description: 'an address alone, such as dba@example.com',
} as const

// One way to approvers each; any number may be used beside each other.
const email = {
  type: 'object',
  additionalProperties: false,
  required: ['host', 'from', 'to'],
  description: 'requests for approval by e-mail, with a link to the console',
  properties: {
    host: { type: 'string', pattern: '^[A-Za-z0-9.:-]+$', description: 'the mail server' },
    port: { type: 'integer', minimum: 1, maximum: 65535, description: 'default 587; 465 with tls' },
    tls: {
      enum: ['starttls', 'tls', 'off'],
      description: 'starttls is required, not tried; off only on loopback',
    },
    ca: { type: 'string', description: 'path of a PEM file with the authorities to trust' },
    user: { type: 'string', minLength: 1 },
    password: secret,
    from: mailAddress,
    to: { type: 'array', minItems: 1, maxItems: 50, uniqueItems: true, items: mailAddress },
  },
} as const

const teams = {
  type: 'array',
  maxItems: 20,
  description: 'requests for approval as cards in channels of Microsoft Teams',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: {
      url: {
        ...secret,
        description:
          'reference to the URL of the workflow or incoming webhook, which is a secret: env:NAME or file:/path',
      },
    },
  },
} as const

const slack = {
  type: 'object',
  additionalProperties: false,
  required: ['token', 'signing_secret', 'channel'],
  description: 'requests for approval in a channel of Slack, with buttons',
  properties: {
    token: {
      ...secret,
      description: 'reference to the bot token with the scope chat:write: env:NAME or file:/path',
    },
    signing_secret: {
      ...secret,
      description: 'reference to the signing secret of the app: env:NAME or file:/path',
    },
    channel: { type: 'string', pattern: '^[CGD][A-Z0-9]{2,40}$', description: 'id of the channel' },
    users: {
      type: 'object',
      maxProperties: 10_000,
      description: 'who may answer there: id of a Slack user → who that is at which issuer',
      propertyNames: { pattern: '^[UW][A-Z0-9]{2,40}$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['issuer', 'subject', 'groups'],
        properties: {
          issuer: { type: 'string', description: 'one of issuers' },
          subject: { type: 'string', minLength: 1, description: '`sub` of the person there' },
          name: { type: 'string' },
          groups: { type: 'array', minItems: 1, items: group },
        },
      },
    },
    api_url: {
      type: 'string',
      pattern: '^https?://.*[^/]$',
      description: 'default https://slack.com/api',
    },
  },
} as const

const bundleSource = {
  type: 'string',
  minLength: 1,
  description:
    'a folder of Rego (rebuilt on save), a bundle.tar.gz, the https:// address of a bundle at a server, ' +
    'or oci://registry/repository:tag',
} as const

const bundleServer = {
  type: 'object',
  additionalProperties: false,
  description: 'how a source that is a server or registry is asked',
  properties: {
    token: { ...secret, description: 'token for the server: env:NAME or file:/path' },
    user: { type: 'string', description: 'goes with the token where a registry asks for both' },
    ca: {
      type: 'string',
      description: 'path of a PEM file with the authorities to trust instead of the system’s',
    },
    poll_ms: {
      type: 'integer',
      minimum: 1000,
      maximum: 3_600_000,
      description: 'between two requests, where the server does not wait for news',
    },
    wait_ms: {
      type: 'integer',
      minimum: 0,
      maximum: 600_000,
      description: 'how long a server that can wait for news is asked to; 0: never',
    },
  },
} as const

const tls = {
  type: 'object',
  additionalProperties: false,
  required: ['certificate', 'key'],
  description: 'the certificate that clients see',
  properties: {
    certificate: { type: 'string', description: 'path of the PEM certificate chain' },
    key: { ...secret, description: 'reference to the PEM private key: env:NAME or file:/path' },
  },
} as const

const webConsole = {
  type: 'object',
  additionalProperties: false,
  description: 'the console for people, and their sign-in at the identity provider',
  properties: {
    enabled: { type: 'boolean', description: 'default true where `console` stands, else false' },
    issuer: { type: 'string', description: 'one of issuers; default: the first' },
    client_id: {
      type: 'string',
      minLength: 1,
      description:
        'client of the console there, with the redirect URI <url>/auth/callback; default: client_id of the issuer',
    },
    client_secret: secret,
    scope: {
      type: 'string',
      pattern: '(^| )openid( |$)',
      description: 'what is asked for; default openid',
    },
    resource: { type: 'string', minLength: 1, description: 'RFC 8707, where the issuer wants it' },
    audience: {
      type: 'string',
      minLength: 1,
      description: 'the same for issuers that say audience',
    },
    idle_ms: {
      type: 'integer',
      minimum: 60_000,
      maximum: 86_400_000,
      description: 'a sign-in that is not used ends; default an hour',
    },
    absolute_ms: {
      type: 'integer',
      minimum: 60_000,
      maximum: 604_800_000,
      description: 'every sign-in ends; default 12 hours, and never later than its token',
    },
    step_up: {
      type: 'object',
      additionalProperties: false,
      description: 'how sure the issuer must be where policies ask for a fresh sign-in',
      properties: {
        max_age_ms: { type: 'integer', minimum: 10_000, maximum: 86_400_000 },
        acr: { type: 'string', minLength: 1, maxLength: 200 },
      },
    },
  },
} as const

export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport configuration',
  type: 'object',
  additionalProperties: false,
  required: ['listeners', 'issuers', 'targets', 'policy', 'record'],
  properties: {
    listeners: {
      type: 'object',
      additionalProperties: false,
      required: ['web'],
      properties: {
        postgres: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['address'],
            properties: {
              address,
              tls,
              target: {
                type: 'string',
                description:
                  'every client of this listener goes to this target, whatever database it names',
              },
              plaintext: {
                enum: ['never', 'loopback'],
                description: 'whether a token may arrive without TLS; only ever from loopback',
              },
              authentication: {
                enum: ['password', 'oauthbearer'],
                description:
                  'how the token is asked for: as the password, or by SASL OAUTHBEARER (clients with libpq 18)',
              },
            },
          },
        },
        web: {
          type: 'object',
          additionalProperties: false,
          required: ['address'],
          description: 'HTTP API, console, health and metrics',
          properties: {
            address,
            tls,
            url: { type: 'string', description: 'how people reach it' },
            console: webConsole,
          },
        },
      },
    },
    issuers: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['issuer', 'audience'],
        properties: {
          issuer: {
            type: 'string',
            pattern: '^https?://',
            description: 'exact value of `iss`; plain http only on loopback',
          },
          audience: { type: 'string', minLength: 1, description: 'must be in `aud`' },
          client_id: {
            type: 'string',
            description: 'the gateway’s own client at the issuer, which introspection asks as',
          },
          algorithms: {
            type: 'array',
            minItems: 1,
            items: {
              enum: [
                'RS256',
                'RS384',
                'RS512',
                'PS256',
                'PS384',
                'PS512',
                'ES256',
                'ES384',
                'ES512',
                'EdDSA',
              ],
            },
          },
          token_type: {
            enum: ['access', 'id'],
            description: 'which kind of token is taken; `access` wants typ at+jwt or JWT',
          },
          clock_skew_ms: { type: 'integer', minimum: 0, maximum: 120_000 },
          outage_grace_ms: {
            type: 'integer',
            minimum: 0,
            maximum: 86_400_000,
            description: 'how long known keys are used while the issuer cannot be reached',
          },
          revocation: {
            enum: ['none', 'introspection'],
            description:
              'introspection: ask the issuer (RFC 7662) at most every 30 s whether a token in use still stands',
          },
          client_secret: secret,
          claims: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string' },
              kind: { type: 'string', description: 'claim that says human, agent or pipeline' },
              groups: { type: 'string' },
              mfa: {
                type: 'string',
                description: 'claim (such as amr) whose value or array holds mfa',
              },
              forward: { type: 'array', items: { type: 'string' } },
            },
          },
          default_kind: { enum: ['human', 'agent', 'pipeline'] },
        },
      },
    },
    targets: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-z][a-z0-9_-]{0,62}$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'host', 'accounts'],
        properties: {
          kind: { enum: ['postgres'] },
          host: {
            type: 'string',
            description: 'host name or address, or an absolute directory of a Unix socket',
          },
          port: { type: 'integer', minimum: 1, maximum: 65535 },
          database: {
            type: 'string',
            description:
              'database when the client names the target alone; else the name of the target',
          },
          databases: {
            type: 'array',
            items: { type: 'string' },
            description: 'databases that target/otherdb may name; default: only `database`',
          },
          tls: {
            type: 'object',
            additionalProperties: false,
            required: ['mode'],
            properties: {
              mode: {
                enum: ['verify', 'off'],
                description: 'off only for loopback and Unix sockets',
              },
              ca: {
                type: 'string',
                description: 'path of a PEM file with the authorities to trust',
              },
              server_name: { type: 'string' },
            },
          },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          zone: {
            type: 'string',
            description: 'IANA time zone for hours and weekdays in policies',
          },
          unlabelled: {
            enum: ['open', 'mask'],
            description:
              'columns that no rule labels: as they are (default), or with the label unlabelled, by which the shipped policies mask them until somebody labels them; an empty list of labels counts',
          },
          keyed_masks: {
            enum: ['exit', 'source'],
            description:
              'where the masks hash and token are made: as answers leave (default), or also by the target, which is then given a key of its own when a session opens it; not through a pooler that refuses settings it does not know',
          },
          accounts: {
            type: 'array',
            minItems: 1,
            description:
              'the first whose groups the caller shares is used; without groups: anybody',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['user'],
              properties: {
                groups: { type: 'array', minItems: 1, items: group },
                user: { type: 'string', minLength: 1 },
                password: secret,
              },
            },
          },
          catalogue: {
            type: 'object',
            additionalProperties: false,
            description: 'how the names of the database are kept current',
            properties: {
              user: { type: 'string' },
              password: secret,
              refresh_ms: { type: 'integer', minimum: 250, maximum: 3_600_000 },
            },
          },
        },
      },
    },
    policy: {
      type: 'object',
      additionalProperties: false,
      required: ['source'],
      properties: {
        source: bundleSource,
        server: bundleServer,
        signatures: {
          type: 'object',
          additionalProperties: false,
          required: ['required', 'keys'],
          description: 'who must have signed a bundle; without it, whoever can change the source',
          properties: {
            required: {
              type: 'integer',
              minimum: 1,
              maximum: 32,
              description: 'how many of the keys must have signed',
            },
            keys: {
              type: 'object',
              minProperties: 1,
              maxProperties: 32,
              description: 'name of each key → path of its public half in PEM form',
              additionalProperties: { type: 'string', minLength: 1 },
            },
            scope: { type: 'string', description: 'what the signatures must be meant for' },
          },
        },
        stale_ms: {
          type: 'integer',
          minimum: 1000,
          description:
            'without a word of the source for so long, policies see input.policy.stale; default: never',
        },
        deny_ms: {
          type: 'integer',
          minimum: 1000,
          description: 'without a word of the source for so long, nothing runs; default: never',
        },
        operators: {
          type: 'array',
          items: group,
          description:
            'groups whose people may activate, hold and roll back, where the policies agree; default policy-operators',
        },
        shadow: {
          type: 'object',
          additionalProperties: false,
          required: ['source'],
          description: 'a second bundle that decides beside the first, without effect',
          properties: { source: bundleSource, server: bundleServer },
        },
        fuel: {
          type: 'integer',
          minimum: 100_000,
          maximum: 1_000_000_000,
          description: 'budget of one evaluation, in units of about 1 ns',
        },
      },
    },
    record: {
      type: 'object',
      additionalProperties: false,
      required: ['directory'],
      properties: {
        directory: { type: 'string' },
        signing_key: {
          ...secret,
          description:
            'Ed25519 private key (PEM); made in the directory on first start when absent',
        },
        durability: {
          enum: ['os', 'changes', 'disk'],
          description:
            'which commands wait for the disk: none, those that change something (default), all',
        },
        segment_bytes: { type: 'integer', minimum: 65_536 },
        sync_ms: { type: 'integer', minimum: 1, maximum: 10_000 },
        checkpoint_ms: { type: 'integer', minimum: 100 },
        search: {
          type: 'boolean',
          description:
            'keep an index beside the record, for searching it in the console and by `sallyport search` (default true)',
        },
        erasable: {
          type: 'boolean',
          description:
            'what may be personal is written so that it can be erased later (audit erase); costs some CPU a command',
        },
        witnesses: {
          type: 'array',
          maxItems: 16,
          description:
            'who signs each checkpoint too, once it is proven to extend what they saw before (C2SP tlog-witness)',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['key', 'url'],
            properties: {
              key: { type: 'string', description: 'verifier key of the witness: name+id+key' },
              url: { type: 'string', description: 'where it takes add-checkpoint' },
            },
          },
        },
        witness_quorum: {
          type: 'integer',
          minimum: 1,
          description: 'so many of them make a checkpoint witnessed (default: more than half)',
        },
        witness_required_ms: {
          type: 'integer',
          minimum: 1000,
          description:
            'after so long without a quorum nothing runs; absent: nothing waits for witnesses',
        },
        publish: {
          type: 'array',
          maxItems: 16,
          description:
            'where checkpoints are kept besides, so that a record rolled back is noticed',
          items: {
            type: 'object',
            additionalProperties: false,
            properties: {
              file: { type: 'string', description: 'appended to this file' },
              url: { type: 'string', description: 'posted there' },
              secret: { ...secret, description: 'with url: signs the request (Standard Webhooks)' },
              git: { type: 'string', description: 'committed to this clone of a repository' },
              path: { type: 'string', description: 'with git: the file in it' },
              remote: { type: 'string', description: 'with git: pushed there' },
              branch: { type: 'string', description: 'with git: the branch there' },
              every_ms: { type: 'integer', minimum: 0 },
            },
          },
        },
      },
    },
    recordings: {
      type: 'object',
      additionalProperties: false,
      required: ['directory', 'key'],
      description: 'what clients sent and saw, sealed; absent: nothing but the record is kept',
      properties: {
        directory: {
          type: 'string',
          description: 'folder of the recordings; with s3, of those that are on their way there',
        },
        key: {
          ...secret,
          description:
            'reference to the key that wraps the keys of new recordings: 32 bytes in base64 or hexadecimal',
        },
        previous_keys: {
          type: 'array',
          maxItems: 20,
          items: secret,
          description: 'keys before that one, to read with; see sallyport recordings rewrap',
        },
        default: {
          type: 'object',
          additionalProperties: false,
          description: 'what is recorded where the policy asks for nothing of its own',
          properties: {
            level: { enum: ['none', 'commands', 'results'], description: 'default results' },
            rows_max: {
              type: 'integer',
              minimum: 0,
              description: 'rows of a command, default 10000',
            },
            bytes_max: {
              type: 'integer',
              minimum: 0,
              description: 'bytes of the rows of a command, default 8388608',
            },
            required: {
              type: 'boolean',
              description: 'what cannot be recorded does not run, and its session ends',
            },
          },
        },
        session_bytes_max: {
          type: 'integer',
          minimum: 65_536,
          description: 'bytes of all answers of a session, default 1073741824',
        },
        spool_bytes_max: {
          type: 'integer',
          minimum: 1_048_576,
          description: 'what may wait for s3 on the disk, default 10737418240',
        },
        flush_ms: {
          type: 'integer',
          minimum: 10,
          maximum: 60_000,
          description: 'how much of a recording a killed gateway may lose, default 500',
        },
        retention_days: {
          type: 'integer',
          minimum: 1,
          maximum: 36_500,
          description: 'deleted so many days after the session opened; default: never',
        },
        retention: {
          type: 'array',
          maxItems: 100,
          description: 'other times for some targets; of several that fit, the longest',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['days'],
            properties: {
              target: { type: 'string' },
              labels: { type: 'object', additionalProperties: { type: 'string' } },
              days: { type: 'integer', minimum: 1, maximum: 36_500 },
            },
          },
        },
        sweep_ms: {
          type: 'integer',
          minimum: 1000,
          description: 'how often recordings past their time are looked for, default an hour',
        },
        keepers: {
          type: 'array',
          items: group,
          description: 'groups whose people may hold, release and delete; default auditors',
        },
        s3: {
          type: 'object',
          additionalProperties: false,
          required: ['endpoint', 'bucket', 'access_key_id', 'secret_access_key'],
          description: 'a store that speaks S3, for what is finished',
          properties: {
            endpoint: {
              type: 'string',
              pattern: '^https?://[^/]+$',
              description: 'https://host; the bucket is named in the path; http only on loopback',
            },
            region: { type: 'string', minLength: 1, description: 'default us-east-1' },
            bucket: { type: 'string', pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' },
            prefix: {
              type: 'string',
              pattern: '^[A-Za-z0-9._/-]*$',
              description: 'before the name of each object',
            },
            access_key_id: secret,
            secret_access_key: secret,
            ca: { type: 'string', description: 'path of a PEM file with the authorities to trust' },
          },
        },
      },
    },
    state: {
      type: 'object',
      additionalProperties: false,
      properties: {
        file: { type: 'string', description: 'SQLite file of approvals and grants' },
        url: { ...secret, description: 'PostgreSQL URL instead, for several gateways' },
      },
    },
    approvals: {
      type: 'object',
      additionalProperties: false,
      properties: {
        self_approval: { type: 'boolean' },
        webhooks: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['url', 'secret'],
            properties: { url: { type: 'string', pattern: '^https?://' }, secret },
          },
        },
        email,
        teams,
        slack,
      },
    },
    telemetry: {
      type: 'object',
      additionalProperties: false,
      properties: {
        otlp: {
          type: 'object',
          additionalProperties: false,
          required: ['endpoint'],
          description: 'spans and log records for an OpenTelemetry collector, by OTLP/HTTP in JSON',
          properties: {
            endpoint: {
              type: 'string',
              pattern: '^https?://',
              description:
                'base of the collector, as OTEL_EXPORTER_OTLP_ENDPOINT has it: v1/traces and v1/logs are added; http only on loopback',
            },
            headers: {
              type: 'object',
              additionalProperties: secret,
              propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" },
              description:
                'sent along, such as an API key: name of the header, reference to its value',
            },
            traces: {
              type: 'boolean',
              description: 'a span for each session and command; default true',
            },
            logs: {
              type: 'boolean',
              description: 'a log record for each refusal and incident; default true',
            },
            resource: {
              type: 'object',
              additionalProperties: { type: 'string' },
              description: 'attributes of the resource, such as deployment.environment.name',
            },
          },
        },
      },
    },
    masks: {
      type: 'object',
      additionalProperties: false,
      required: ['key'],
      description: 'how the masks hash and token are keyed',
      properties: {
        key: {
          ...secret,
          description:
            'reference to a text of 32 characters or more: env:NAME or file:/path. With the same one the same value has the same hash at a target for ever and at every gateway; without one, until the gateway is restarted',
        },
      },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: {
        sessions: { type: 'integer', minimum: 1 },
        sessions_per_identity: { type: 'integer', minimum: 1 },
        message_bytes: { type: 'integer', minimum: 1024, maximum: 1_073_741_823 },
        statement_bytes: { type: 'integer', minimum: 1024 },
        statements_per_message: { type: 'integer', minimum: 1 },
        handshake_ms: { type: 'integer', minimum: 100 },
        idle_ms: { type: 'integer', minimum: 1000 },
        partial_message_ms: { type: 'integer', minimum: 100 },
        slow_client_ms: { type: 'integer', minimum: 1000 },
        holds_per_identity: { type: 'integer', minimum: 1 },
        drain_ms: { type: 'integer', minimum: 0 },
      },
    },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: { level: { enum: ['debug', 'info', 'warn', 'error'] } },
    },
  },
} as const satisfies JSONSchema

export type Config = FromSchema<typeof configSchema>
export type TargetConfig = Config['targets'][string]
export type IssuerConfig = Config['issuers'][number]
