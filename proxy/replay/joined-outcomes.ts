// Exported lines, each command together with what came of it, which the record tells later: a command waits
// for its outcome, but not for long where there are many, and not at all where it did not go.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import type { CommandLine } from '../recording/recorded-facts.js'
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'

// Commands that wait at a time.
const WAITING_MAX = 10_000

export type WholeCommand = Omit<CommandLine, 'facts' | 'decision' | 'outcomes'> & {
  readonly facts?: Facts
  readonly decision?: Decision
}

export type Joined =
  | { readonly command: WholeCommand; readonly outcome?: RecordedOutcome }
  | { readonly command?: never; readonly line: RecordLine }

// `lines`: as `exportedLines` gives them.
export async function* joinedOutcomes(lines: AsyncIterable<object>): AsyncGenerator<Joined> {
  const waiting = new Map<string, WholeCommand>()
  for await (const one of lines) {
    // Written by this gateway, put together by `exportedLines`.
    const line = one as RecordLine | (Record<string, unknown> & { readonly kind: 'command' })
    if (line.kind === 'command') {
      const command = wholeCommand(line)
      if (!command.go) yield { command }
      else waiting.set(keyOf(command), command)
      const [oldest] = waiting
      if (waiting.size > WAITING_MAX && oldest !== undefined) {
        waiting.delete(oldest[0])
        yield { command: oldest[1] }
      }
    } else if (line.kind === 'outcome') {
      const command = waiting.get(keyOf(line))
      waiting.delete(keyOf(line))
      if (command !== undefined) yield { command, outcome: line }
    } else yield { line }
  }
  for (const command of waiting.values()) yield { command }
}

function keyOf({
  session,
  command,
}: {
  readonly session: string
  readonly command: number
}): string {
  return `${session}/${command}`
}

// Facts and decision are digests still where the record lacks a part.
function wholeCommand(line: object): WholeCommand {
  const { facts, decision, ...rest } = line as CommandLine & {
    readonly facts: object
    readonly decision: unknown
  }
  return {
    ...rest,
    ...('version' in facts ? { facts: facts as unknown as Facts } : {}),
    ...(typeof decision === 'object' && decision !== null
      ? { decision: decision as Decision }
      : {}),
  }
}
