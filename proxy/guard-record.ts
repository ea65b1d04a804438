// Writes the intent of each command of a message before anything of it goes to the target, and says
// when all of them are as durable as they must be.
import type { Decided } from './decision-cache.js'
import type { CommandToJudge, GuardParts, Refusal, Trial } from './guard.js'
import { digestOf, type Judgement } from './guard-judgement.js'
import { filmCommand } from './guard-recording.js'
import { recordedText, type RecordedText } from './redaction.js'
import type { Durability } from './recording/recorder.js'

const NOTHING_ELSE = {}

export function written(
  parts: GuardParts,
  trial: Trial,
  judgement: Judgement,
  refusal: Refusal | undefined,
  approvals: readonly (string | undefined)[],
  then: (failure: Error | undefined) => void,
): void {
  const { decided } = judgement
  let left = decided.length
  let failed: Error | undefined
  const one = (failure: Error | undefined): void => {
    failed ??= failure
    if (--left === 0) then(failed)
  }
  for (let i = 0; i < decided.length; i++) {
    const judged = decided[i]
    const command = trial.commands[i]
    if (judged === undefined || command === undefined) throw new Error('a command was lost')
    const approval = approvals[i]
    const { text, redacted } = textOf(command, judged)
    if (trial.filmed !== true) filmCommand(parts, trial, i, text, judged)
    const { rewritten } = judged
    // The digest of a text that is written down whole goes without saying.
    const told = !redacted && command.of <= 1 && command.binds === undefined
    parts.recorder.command(
      {
        session: trial.session.id,
        command: trial.first + i,
        text,
        redacted,
        rewritten: rewritten === undefined ? undefined : recordedText(rewritten.text, true).text,
        go: refusal === undefined,
        facts: {
          base: judgement.base.facts,
          command: judged.facts,
          overrides: told ? NOTHING_ELSE : { 'command.digest': digestOf(trial) },
        },
        decision: judged.decision,
        entrypoint: judged.entrypoint,
        bundle: judgement.policy.digest,
        approval,
        refusal:
          refusal === undefined || ownDenial(judged, refusal)
            ? undefined
            : `${refusal.rule}: ${refusal.message}`,
      },
      durabilityOf(parts, judged, refusal),
      one,
    )
  }
}

// The decision itself says why; nothing needs to be added.
function ownDenial(judged: Decided, refusal: Refusal): boolean {
  return judged.decision.action === 'deny' && judged.decision.rules[0]?.id === refusal.rule
}

function durabilityOf(
  parts: GuardParts,
  judged: Decided,
  refusal: Refusal | undefined,
): Durability {
  switch (parts.durability) {
    case 'os':
      return 'os'
    case 'disk':
      return 'disk'
    case 'changes':
      return judged.changes && refusal === undefined ? 'disk' : 'os'
  }
}

// A statement's own part of a message with several.
export function textOf(command: CommandToJudge, judged: Decided): RecordedText {
  const { text, statement, of } = command
  const own =
    of <= 1
      ? text
      : Buffer.from(text, 'utf8').subarray(statement.start, statement.end).toString('utf8')
  return recordedText(own, judged.labelled)
}
