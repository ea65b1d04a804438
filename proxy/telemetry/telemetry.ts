// What goes to a collector while the gateway runs: it listens to what is recorded and makes spans and log
// records of it. Listening costs a map entry and an object a command; encoding and sending happen in
// batches. Whatever fails here fails here alone.
import type { CommandRecord, RecordedFacts, Recorder, SessionEvent } from '../recording/recorder.js'
import type { TelemetrySettings } from '../telemetry-settings.js'
import { logsBody, tracesBody, type Attributes, type LogRecord, type Span } from './otlp.js'
import { createSender, type DropReason, type SENDER_LIMITS } from './sender.js'
import {
  commandSpan,
  incidentLog,
  refusalLog,
  sessionSpan,
  type ToldCommand,
  type ToldSession,
} from './spans.js'

export type TelemetryParts = {
  readonly settings: TelemetrySettings
  readonly version: string
  readonly now: () => number
  readonly onSent: (signal: Signal, items: number) => void
  readonly onDropped: (signal: Signal, items: number, why: DropReason) => void
  readonly onTrouble: (signal: Signal, words: string | undefined) => void
  readonly limits?: Partial<typeof SENDER_LIMITS>
}

export type Signal = 'traces' | 'logs'

export type Telemetry = {
  // Hears everything that is recorded through what it returns.
  readonly watched: (recorder: Recorder) => Recorder
  readonly waiting: (signal: Signal) => number
  readonly close: () => Promise<void>
}

// Commands and sessions under way; the oldest are told as they are when there are more.
const OPEN_MAX = 10_000

export function createTelemetry(parts: TelemetryParts): Telemetry {
  const { settings, now } = parts
  const resource: Attributes = {
    'service.name': 'sallyport',
    'service.version': parts.version,
    ...settings.resource,
  }
  const base = settings.endpoint.replace(/\/+$/, '')
  const senderOf = <Item>(
    signal: Signal,
    body: (items: readonly Item[], resource: Attributes) => object,
  ) =>
    createSender<Item>({
      url: `${base}/v1/${signal}`,
      headers: settings.headers,
      body,
      resource,
      onSent: (items) => parts.onSent(signal, items),
      onDropped: (items, why) => parts.onDropped(signal, items, why),
      onTrouble: (words) => parts.onTrouble(signal, words),
      ...(parts.limits === undefined ? {} : { limits: parts.limits }),
    })
  const traces = settings.traces ? senderOf<Span>('traces', tracesBody) : undefined
  const logs = settings.logs ? senderOf<LogRecord>('logs', logsBody) : undefined
  const sessions = new Map<string, ToldSession>()
  const commands = new Map<string, ToldCommand>()

  const heard = (record: CommandRecord): void => {
    const { decision, facts } = record
    const told: ToldCommand = {
      session: record.session,
      command: record.command,
      timeMs: now(),
      text: record.text,
      redacted: record.redacted,
      go: record.go,
      refusal: record.refusal,
      approval: record.approval,
      bundle: record.bundle,
      action: decision.action,
      rules: decision.rules.map(({ id }) => id),
      tag: facts.command.postgres.tag,
      objects: objectsOf(facts.command),
      target: facts.base.target.name,
      database: facts.base.target.database,
    }
    if (!told.go) {
      traces?.add(commandSpan(told, undefined))
      logs?.add(refusalLog(told))
      return
    }
    if (traces === undefined) return
    commands.set(`${told.session}/${told.command}`, told)
    const [oldest] = commands
    if (commands.size <= OPEN_MAX || oldest === undefined) return
    commands.delete(oldest[0])
    traces.add(commandSpan(oldest[1], undefined))
  }

  const followed = (event: SessionEvent): void => {
    if (traces === undefined) return
    if (event.event === 'opened') {
      sessions.set(event.session, toldSession(event, now()))
      const [oldest] = sessions.keys()
      if (sessions.size > OPEN_MAX && oldest !== undefined) sessions.delete(oldest)
      return
    }
    const told = sessions.get(event.session) ?? toldSession(event, now())
    sessions.delete(event.session)
    const refused = event.event === 'refused' ? (event.reason ?? 'refused') : undefined
    traces.add(sessionSpan(told, now(), refused))
  }

  const safely = (work: () => void): void => {
    try {
      work()
    } catch (problem) {
      parts.onTrouble('traces', problem instanceof Error ? problem.message : String(problem))
    }
  }

  const tell = (recorder: Recorder): Recorder => ({
    ...recorder,
    command(record, durability, written) {
      recorder.command(record, durability, (failure) => {
        // First, since an outcome may follow within this call.
        if (failure === undefined) safely(() => heard(record))
        written(failure)
      })
    },
    outcome(outcome) {
      recorder.outcome(outcome)
      safely(() => {
        const key = `${outcome.session}/${outcome.command}`
        const told = commands.get(key)
        commands.delete(key)
        if (told !== undefined) traces?.add(commandSpan(told, outcome))
      })
    },
    session(event, written) {
      recorder.session(event, written)
      safely(() => followed(event))
    },
    incident(incident) {
      recorder.incident(incident)
      safely(() => logs?.add(incidentLog({ timeMs: now(), ...incident })))
    },
  })

  return {
    watched: tell,
    waiting: (signal) => (signal === 'traces' ? traces?.waiting() : logs?.waiting()) ?? 0,
    async close() {
      for (const told of commands.values()) traces?.add(commandSpan(told, undefined))
      for (const told of sessions.values()) traces?.add(sessionSpan(told, now()))
      commands.clear()
      sessions.clear()
      await Promise.all([traces?.close(), logs?.close()])
    },
  }
}

export function objectsOf({ effects }: RecordedFacts['command']): readonly string[] {
  return [...new Set(effects.map(({ object }) => object).filter((object) => object !== ''))]
}

function toldSession(event: Parameters<Recorder['session']>[0], openedMs: number): ToldSession {
  return {
    session: event.session,
    identity: event.identity ?? {},
    target: event.target ?? '',
    database: event.database ?? '',
    clientAddress: event.clientAddress ?? '',
    application: event.application ?? '',
    openedMs,
  }
}
