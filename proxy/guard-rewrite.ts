// Masking at the source, where the answer itself cannot be masked well: the command goes to the target in other
// words, so that the target never computes on protected values.
import { isComparedOpenly } from '../engine/facts/postgres/output-tier.js'
import { edited, namesAny, type Edit } from '../engine/facts/postgres/splice-text.js'
import type { Decided, Rewritten } from './decision-cache.js'
import type { CommandToJudge, GuardParts, Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'
import { inRowsWords } from './guard-rows.js'

// A statement whose answer cannot be masked may still run, where it can be rewritten; one whose computed
// values would be masked whole is answered as on masked data, where it can. All or none of a message.
export function maskedAtSource(trial: Trial, judgement: Judgement): Judgement | undefined {
  const { decided } = judgement
  if (!decided.some(wantsOtherWords)) return undefined
  if (judgement.held && !decided.some(({ unfiltered }) => unfiltered !== undefined))
    return undefined
  if (trial.commands.some(({ statement }) => decided.length > 1 && mayMeanAnything(statement)))
    return undefined
  const made = decided.map((one, i) => inOtherWords(one, trial.commands[i]))
  if (made.includes(undefined)) return undefined
  const all = made.filter((one) => one !== undefined)
  if (all.some((one, i) => isAboutOthers(one, i, trial))) return undefined
  return { ...judgement, decided: all }
}

// Other statements of the message must leave names as they were when these were read.
function mayMeanAnything({ invalidates }: CommandToJudge['statement']): boolean {
  return invalidates.names || (invalidates.catalogue && invalidates.relations === undefined)
}

// One that makes or changes a relation may stand beside what does not name it.
function isAboutOthers({ rewritten }: Decided, at: number, { commands }: Trial): boolean {
  if (rewritten === undefined) return false
  const names = new Set(
    commands.flatMap(({ statement }, i) =>
      i === at ? [] : (statement.invalidates.relations ?? []),
    ),
  )
  return names.size > 0 && namesAny(rewritten.text, names)
}

function wantsOtherWords({ exit, decision, unfiltered }: Decided): boolean {
  if (unfiltered !== undefined) return true
  if (decision.action !== 'mask-fields') return false
  if ('refused' in exit) return true
  const { computed, fields } = exit.masks
  // The text of a date or a number depends on settings: the target itself says it best.
  return computed === true || [...fields.values()].some(({ method }) => method === 'generalise')
}

function inOtherWords(decided: Decided, command: CommandToJudge | undefined): Decided | undefined {
  const { exit, decision } = decided
  if (command === undefined) return undefined
  if (!wantsOtherWords(decided)) {
    // Where an error is said to be is no place in the client's text any more.
    return 'masks' in exit
      ? { ...decided, exit: { masks: { ...exit.masks, otherText: true } } }
      : decided
  }
  const isOpen = isComparedOpenly(command.statement, decision.masks)
  const { unfiltered, ...rest } = decided
  if (unfiltered !== undefined) {
    const masked = !isOpen && wantsOtherWords({ ...rest, exit: unfiltered })
    return inRowsWords(decided, command, ownText(command), masked)
  }
  const made = isOpen ? undefined : command.spliced?.(ownText(command), decision.masks)
  if (made === undefined || !('text' in made)) return 'masks' in exit ? decided : undefined
  const { text, statement, masks } = made
  return { ...decided, exit: { masks }, rewritten: { text, statement, masks: decision.masks } }
}

// The text of a message that holds it alone is taken whole, with what stands around it.
export function ownText({
  text,
  statement,
  of,
}: Pick<CommandToJudge, 'text' | 'statement' | 'of'>): string {
  if (of === 1) return text
  return Buffer.from(text, 'utf8').subarray(statement.start, statement.end).toString('utf8')
}

// The message's text with each statement that runs in other words put in its place.
export function messageText(
  commands: readonly CommandToJudge[],
  rewritten: readonly (Rewritten | undefined)[],
): string {
  const [first] = commands
  if (first === undefined) return ''
  if (first.of === 1) return rewritten[0]?.text ?? first.text
  const edits = commands.flatMap(({ statement: { start, end } }, i): readonly Edit[] => {
    const text = rewritten[i]?.text
    return text === undefined ? [] : [{ start, end, text }]
  })
  return edited(Buffer.from(first.text, 'utf8'), edits)
}

// The same for a text that is prepared now and runs later, under the decision of then.
export function sentInstead(trial: Trial, judgement: Judgement): Rewritten | undefined {
  return maskedAtSource(trial, judgement)?.decided[0]?.rewritten
}

// A prepared statement of which the target has other words than the client's: the decision is made on what
// the client wrote, and must hold for what runs.
export function asSent(
  decided: Decided,
  sent: Rewritten,
  exitMasksOf: GuardParts['exitMasksOf'],
): Decided {
  const { decision } = decided
  if (decision.action === 'deny') return decided
  const exit = exitMasksOf(sent.statement, decision.masks)
  if (!('masks' in exit)) {
    return { ...decided, exit: { refused: exit.refused, hint: 'prepare the statement again' } }
  }
  const masks = { ...exit.masks, quietErrors: true, otherText: true as const }
  return { ...decided, exit: { masks }, rewritten: sent }
}
