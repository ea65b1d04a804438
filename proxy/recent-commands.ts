// What live sessions did last, for approvers who must understand in a moment what led to a request: a few
// commands each, as the record has them, kept no longer than the session.
import type { Clock } from './clock.js'
import type { Action } from '../engine/schemas/decision.js'
import type { Recorder } from './recording/recorder.js'

export type RecentCommand = {
  readonly command: number
  readonly atMs: number
  // Protected literals replaced.
  readonly text: string
  readonly action: Action
  readonly go: boolean
}

export type RecentCommands = {
  // Those of the session before this command, oldest first.
  readonly before: (session: string, command: number) => readonly RecentCommand[]
  readonly sessions: () => number
}

const COMMANDS = 12
const CHARACTERS = 2_000

export function rememberingRecorder(
  recorder: Recorder,
  clock: Pick<Clock, 'now'>,
): { readonly recorder: Recorder; readonly recent: RecentCommands } {
  const sessions = new Map<string, RecentCommand[]>()
  return {
    recent: {
      before: (session, command) =>
        (sessions.get(session) ?? []).filter((one) => one.command < command),
      sessions: () => sessions.size,
    },
    recorder: {
      ...recorder,
      session: (event, written) => {
        if (event.event === 'opened') sessions.set(event.session, [])
        else sessions.delete(event.session)
        recorder.session(event, written)
      },
      command: (record, durability, written) => {
        const kept = sessions.get(record.session)
        if (kept !== undefined) {
          const { command, text, decision, go } = record
          if (kept.length === COMMANDS) kept.shift()
          kept.push({ command, atMs: clock.now(), text: cut(text), action: decision.action, go })
        }
        recorder.command(record, durability, written)
      },
    },
  }
}

function cut(text: string): string {
  return text.length <= CHARACTERS ? text : `${text.slice(0, CHARACTERS)}…`
}
