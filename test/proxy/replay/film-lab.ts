// Recorded sessions and recordings for the tests of films. Holds no test of its own.
import type { Test } from 'tap'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Frame, Recordings } from '../../../proxy/recordings/film.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import type { ApprovalEvent, Recorder } from '../../../proxy/recording/recorder.js'
import { createFilms } from '../../../proxy/replay/films.js'
import type { Film, Shot } from '../../../proxy/replay/film.js'
import { ALLOW, BASE, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'

export const DENY: Decision = {
  ...ALLOW,
  action: 'deny',
  rules: [{ id: 'destructive/no-where', message: 'every row', hint: 'add a WHERE' }],
}

export const HELD: Decision = {
  ...ALLOW,
  action: 'require-approval',
  rules: [{ id: 'changes/drop', message: 'a table goes' }],
  approval: {
    approvers: ['dba'],
    quorum: 1,
    expires_ms: 60_000,
    reason_required: false,
    scope: 'command',
  },
}

export const OPENED = {
  event: 'opened',
  identity: BASE.identity,
  target: 'shop',
  database: 'shop',
  clientAddress: '10.0.0.1',
  application: 'psql',
} as const

export function approvalTold(recorder: Recorder, event: ApprovalEvent): Promise<void> {
  return new Promise((resolve, reject) =>
    recorder.approval(event, (failure) => (failure === undefined ? resolve() : reject(failure))),
  )
}

// One session with a read, a denial and an approved change, and another one around it.
export async function sampleFilm(directory: string, options: object = {}): Promise<void> {
  const recorder = await createRecorder({ directory, ...options })
  recorder.session({ session: 'aa-1', ...OPENED })
  recorder.session({ session: 'bb-2', ...OPENED, target: 'other' })
  await recorded(recorder, commandRecord(1, { session: 'aa-1', text: 'SELECT 1' }))
  recorder.outcome({ session: 'aa-1', command: 1, result: 'done', tag: 'SELECT 1', rows: 1 })
  // The outcome rides on another session's command.
  await recorded(recorder, commandRecord(1, { session: 'bb-2', text: 'SELECT other' }))
  await recorded(recorder, commandRecord(2, { session: 'aa-1', go: false, decision: DENY }))
  recorder.incident({ event: 'mask_missed', session: 'aa-1', command: 2, detail: 'a detail' })
  await approvalTold(recorder, {
    approval: 'ap-1',
    event: 'requested',
    session: 'aa-1',
    command: 3,
  })
  // Settled outside of the session, which it does not name.
  await approvalTold(recorder, { approval: 'ap-1', event: 'approved', by: 'bob', reason: 'yes' })
  await approvalTold(recorder, { approval: 'ap-1', event: 'used', session: 'aa-1', command: 3 })
  await recorded(
    recorder,
    commandRecord(3, { session: 'aa-1', decision: HELD, approval: 'ap-1', text: 'DROP TABLE x' }),
  )
  recorder.outcome({ session: 'aa-1', command: 3, result: 'failed', sqlstate: '42P01' })
  recorder.session({ session: 'aa-1', event: 'closed' })
  recorder.session({ session: 'bb-2', event: 'closed' })
  await recorder.close()
}

export async function filmOf(place: string, session: string): Promise<Film> {
  const film = await createFilms(place).film(session)
  if (film === undefined) throw new Error(`no session ${session}`)
  return film
}

export async function shotsOf(film: Film, from = 1): Promise<readonly Shot[]> {
  const shots: Shot[] = []
  for await (const shot of film.shots(from)) shots.push(shot)
  return shots
}

// The record of one session, in a directory of its own.
export async function recordOf(
  t: Test,
  commands: readonly (Parameters<typeof commandRecord>[1] & {
    readonly rows?: number
    readonly changes?: Partial<Facts>
  })[],
): Promise<string> {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  recorder.session({ session: 's1', ...OPENED })
  for (const [i, { rows, ...changes }] of commands.entries()) {
    await recorded(recorder, commandRecord(i + 1, changes))
    if (changes.go === false) continue
    const outcome = { result: 'done', tag: 'SELECT', rows: rows ?? 0 } as const
    recorder.outcome({ session: 's1', command: i + 1, ...outcome })
  }
  recorder.session({ session: 's1', event: 'closed' })
  await recorder.close()
  return directory
}

export function recordingsOf(frames: readonly Frame[]): Recordings {
  return {
    async *read() {
      yield* frames
    },
    film: (session) =>
      Promise.resolve({
        session,
        openedMs: 0,
        subject: '',
        issuer: '',
        target: '',
        database: '',
        state: 'finished',
        bytes: 0,
      }),
    // Nobody asks for the list here.
    // eslint-disable-next-line require-yield
    async *films() {
      return
    },
  }
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}
