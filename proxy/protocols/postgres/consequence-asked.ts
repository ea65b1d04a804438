// What is asked about a held command before people are: its own text of the message, its values, and the
// names as the session resolves them.
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { CommandToJudge } from '../../guard.js'
import type { RelayState } from './relay-state.js'

export function askConsequence(
  r: RelayState,
  command: CommandToJudge,
  which: 'estimate' | 'count',
): Promise<Consequence | undefined> {
  const { names, connected } = r
  const { statement, binds } = command
  if (connected.consequence === undefined || names === undefined) return Promise.resolve(undefined)
  return connected.consequence({
    text: command.sent?.text ?? ownText(command),
    statement,
    values:
      binds === undefined
        ? undefined
        : { binds, formats: command.bindFormats ?? [], types: command.bindTypes ?? [] },
    names,
    own: r.ownCatalogue !== undefined,
    open: r.session.transaction === 'open' || r.pipelineOpen,
    which,
  })
}

function ownText({ text, statement, of }: CommandToJudge): string {
  if (of <= 1) return text
  return Buffer.from(text, 'utf8').subarray(statement.start, statement.end).toString('utf8')
}
