// A session of nobody in particular, for tests of what needs one and does not care whose.
import type { Identity } from '../../proxy/identity/identity.js'
import type { Session } from '../../proxy/session.js'

export type SessionChanges = Partial<Session> & {
  readonly standing?: Identity['standing']
}

export function sampleSession({ standing, ...changes }: SessionChanges = {}): Session {
  return {
    id: 's',
    identity: {
      key: 'k',
      facts: {
        subject: 'sub',
        issuer: 'iss',
        name: '',
        kind: 'human',
        groups: [],
        actor: [],
        claims: {},
        mfa: false,
      },
      issuedAtMs: 0,
      expiresAtMs: Infinity,
      standing: standing ?? (() => ({ valid: true })),
    },
    target: { name: 't', kind: 'postgres', labels: {}, database: 'd' },
    zone: 'UTC',
    clientAddress: '',
    purpose: '',
    application: '',
    transaction: 'idle',
    counters: { commands: 0, rows: 0, labelledRows: 0, denials: 0 },
    commands: 0,
    ...changes,
  }
}
