// Plain facts that every bundle must be able to decide on, whatever it decides: a session being opened
// and the simplest of commands.
import { FACTS_VERSION, type Facts } from '../schemas/facts.js'

const SESSION: Facts = {
  version: FACTS_VERSION,
  stage: 'session',
  identity: {
    subject: 'smoke',
    issuer: 'https://issuer.example',
    name: 'smoke',
    kind: 'human',
    groups: [],
    actor: [],
    claims: {},
    mfa: false,
  },
  target: { name: 'smoke', kind: 'postgres', labels: {}, database: 'smoke' },
  session: {
    id: 'smoke',
    client_address: '127.0.0.1',
    application: '',
    purpose: '',
    transaction: 'idle',
    counters: { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 },
  },
  time: { utc: '2026-01-05T09:00:00Z', weekday: 'monday', hour: 9, zone: 'UTC' },
  grants: [],
}

export const SMOKE_FACTS: readonly Facts[] = [
  SESSION,
  {
    ...SESSION,
    stage: 'command',
    command: {
      protocol: 'postgres',
      digest: 'sha256:0',
      effects: [
        { op: 'read', object: 'public.orders', kind: 'table', columns: ['id'], labels: [] },
      ],
      flows: [],
      unread: [],
      postgres: {
        tag: 'SELECT',
        message: 'simple',
        position: 1,
        of: 1,
        limited: -1,
        returns_rows: true,
      },
    },
  },
]
