// What `hold`, `release` and `delete` share: they are done by a running gateway where one is named, else
// here, with the record in hand, as long as no gateway has it.
import { userInfo } from 'node:os'
import { GatewayError } from '../../errors.js'
import type { RecordingEvent } from '../../recording/recorder.js'
import { createRecorder } from '../../recording/segment-writer.js'
import { createHolds, type Holds, type LegalHold } from '../../recordings/holds.js'
import { stated } from '../../recordings/keepers-desk.js'
import { createRemoval } from '../../recordings/removal.js'
import { asked, listOf, remoteOf, textOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { CONFIG_HELP, recordingsPlace } from './place.js'

export const KEEPING_OPTIONS = {
  config: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  reason: { type: 'string' },
} as const

export const KEEPING_HELP = `  --reason TEXT     why; recorded
  --url URL         a running gateway, which does it: people of the groups in recordings.keepers may
  --token TOKEN     an access token for it (SALLYPORT_TOKEN, or the one of “sallyport login”)
${CONFIG_HELP}

Without --url it is done here, where no gateway is running on the record; the operating system’s user is
then named in the record.
Exit status: 0 done, 1 not done and why on standard error, 2 wrong usage.
`

export type KeepingValues = {
  readonly config?: string | undefined
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly reason?: string | undefined
}

export type Keeping = {
  readonly all: () => Promise<readonly LegalHold[]>
  readonly hold: (what: Pick<LegalHold, 'scope' | 'of'>) => Promise<LegalHold>
  readonly release: (id: string) => Promise<void>
  readonly remove: (session: string) => Promise<void>
}

export async function keeping<T>(
  values: KeepingValues,
  io: Io,
  step: (keeping: Keeping) => Promise<T>,
): Promise<T> {
  return values.url === undefined ? here(values, io, step) : step(await there(values, io))
}

async function there(values: KeepingValues, io: Io): Promise<Keeping> {
  const remote = await remoteOf(io, values)
  const reason = values.reason ?? ''
  return {
    all: async () => listOf(await asked(remote, '/api/recordings/holds'), 'holds').map(holdOf),
    hold: async (what) =>
      holdOf(await asked(remote, '/api/recordings/holds', { ...what, reason: stated(reason) })),
    release: async (id) => {
      const body = { reason: stated(reason) }
      await asked(remote, `/api/recordings/holds/${encodeURIComponent(id)}/release`, body)
    },
    remove: async (session) => {
      const body = { reason: stated(reason) }
      await asked(remote, `/api/recordings/${encodeURIComponent(session)}`, body, 'DELETE')
    },
  }
}

function holdOf(answer: unknown): LegalHold {
  const scope = (['session', 'person', 'target'] as const).find(
    (one) => one === textOf(answer, 'scope'),
  )
  if (scope === undefined) throw new GatewayError('not_found', 'the gateway answered with no hold')
  const { since } =
    typeof answer === 'object' && answer !== null && 'since' in answer ? answer : { since: 0 }
  return {
    id: textOf(answer, 'id'),
    scope,
    of: textOf(answer, 'of'),
    reason: textOf(answer, 'reason'),
    by: textOf(answer, 'by'),
    since: Number(since),
  }
}

async function here<T>(
  values: KeepingValues,
  io: Io,
  step: (keeping: Keeping) => Promise<T>,
): Promise<T> {
  const place = recordingsPlace(values.config, io)
  const { settings, record: directory, store, library } = place
  const by = `command line (${userInfo().username})`
  const clock = { now: Date.now }
  // The record is opened for changes alone: reading must not wait for a gateway to stop.
  const recorded = async <R>(
    change: (holds: Holds, record: Recording) => Promise<R>,
  ): Promise<R> => {
    // Another key than the gateway's would be a rotation that nobody asked for.
    const signingKey = place.signingKey()
    const recorder = await createRecorder({ directory, signingKey }).catch((problem: unknown) => {
      if (!(problem instanceof GatewayError) || problem.code !== 'conflict') throw problem
      throw new GatewayError('conflict', 'a gateway is running on this record: name it by --url')
    })
    const record: Recording = (event) =>
      new Promise((resolve, reject) =>
        recorder.recording(event, (failure) =>
          failure === undefined ? resolve() : reject(failure),
        ),
      )
    try {
      return await change(await createHolds({ store, record, clock }), record)
    } finally {
      await recorder.close()
    }
  }
  const reason = (): string => stated(values.reason ?? '')
  return step({
    all: async () => {
      const record = (): Promise<void> => Promise.reject(new Error('nothing is changed here'))
      return (await createHolds({ store, record, clock })).all()
    },
    hold: ({ scope, of }) => {
      const why = reason()
      return recorded((holds) => holds.hold({ scope, of, reason: why, by }))
    },
    release: async (id) => {
      const why = reason()
      await recorded((holds) => holds.release(id, by, why))
    },
    remove: (session) => {
      const why = reason()
      return recorded(async (holds, record) => {
        const removal = createRemoval({
          settings: () => settings,
          store,
          clock,
          log: () => undefined,
          onRemoved: () => undefined,
          holds,
          record,
          live: new Set(),
          library,
        })
        try {
          await removal.remove(session, by, why)
        } finally {
          removal.stop()
        }
      })
    },
  })
}

type Recording = (event: RecordingEvent) => Promise<void>
