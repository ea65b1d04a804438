// A record, or one session of it, as OCSF events, one JSON object a line: each command once, with what came of
// it.
import { joinedOutcomes } from './joined-outcomes.js'
import { commandEvent } from './ocsf-command.js'
import { ocsfEvent } from './ocsf-events.js'

// `lines`: as `exportedLines` gives them.
export async function* ocsfLines(lines: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const joined of joinedOutcomes(lines)) {
    if (joined.command === undefined) {
      const event = ocsfEvent(joined.line)
      if (event !== undefined) yield `${JSON.stringify(event)}\n`
      continue
    }
    const { command, outcome } = joined
    const event = commandEvent({ ...command, redacted: command.redacted === true }, outcome)
    yield `${JSON.stringify(event)}\n`
  }
}
