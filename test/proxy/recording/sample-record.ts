// Commands and records for the tests of the record. Holds no test of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../../engine/schemas/decision.js'
import type {
  CommandRecord,
  Durability,
  RecordedFacts,
  Recorder,
} from '../../../proxy/recording/recorder.js'
import type { RecordLine } from '../../../engine/schemas/record.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import type { RecorderOptions } from '../../../proxy/recording/segment-writer.js'

export const BASE: RecordedFacts['base'] = {
  version: 1,
  stage: 'command',
  identity: {
    subject: 'u-1',
    issuer: 'https://id.example',
    name: 'alice',
    kind: 'human',
    groups: ['dev'],
    actor: [],
    claims: {},
    mfa: true,
  },
  target: { name: 'shop', kind: 'postgres', labels: { env: 'prod' }, database: 'shop' },
  session: {
    id: 's1',
    client_address: '127.0.0.1',
    application: 'psql',
    purpose: '',
    transaction: 'idle',
    counters: { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 },
  },
  time: { utc: '2026-11-24T10:00:00Z', weekday: 'tuesday', hour: 10, zone: 'UTC' },
  grants: [],
}

export const COMMAND: RecordedFacts['command'] = {
  protocol: 'postgres',
  digest: 'sha256:0',
  effects: [{ op: 'read', object: 'public.orders', kind: 'table' }],
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
}

export const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }
export const BUNDLE = `sha256:${'b'.repeat(64)}`

export function commandRecord(
  command: number,
  changes: Partial<CommandRecord> = {},
): CommandRecord {
  return {
    session: 's1',
    command,
    text: `SELECT ${command}`,
    redacted: false,
    go: true,
    facts: { base: BASE, command: COMMAND, overrides: { 'command.digest': `sha256:${command}` } },
    decision: ALLOW,
    entrypoint: 'decision',
    bundle: BUNDLE,
    ...changes,
  }
}

export function recorded(
  recorder: Recorder,
  record: CommandRecord,
  durability: Durability = 'os',
): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.command(record, durability, (failure) => {
      if (failure === undefined) resolve()
      else reject(failure)
    })
  })
}

export function emptyDirectory(t: { teardown: (fn: () => void) => void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-record-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

// A closed record of several segments and checkpoints.
export async function sampleRecord(
  directory: string,
  options: Partial<RecorderOptions> & { readonly commands?: number } = {},
): Promise<void> {
  const { commands = 60, ...rest } = options
  const recorder = await createRecorder({ directory, segmentBytes: 6000, ...rest })
  for (let n = 1; n <= commands; n += 1) {
    await recorded(recorder, commandRecord(n), n % 20 === 0 ? 'disk' : 'os')
    recorder.outcome({ session: 's1', command: n, result: 'done', tag: 'SELECT 1', rows: 1 })
  }
  await recorder.close()
}

export function linesIn(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1)
}

export function writeLines(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
}

export function parsed(line: string | undefined): RecordLine {
  return JSON.parse(line ?? '')
}
