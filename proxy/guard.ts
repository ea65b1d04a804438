// The only caller of the engine. A protocol hands it commands; it builds facts, decides, waits out
// approvals, records, and answers in one of two ways: go (with masks) or do not go (with words).
import type { ExitMasks } from '../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../engine/facts/postgres/reading.js'
import type { Spliced } from '../engine/facts/postgres/splice.js'
import type { Policy } from '../engine/policy/policy.js'
import type { Action, Limits, Mask } from '../engine/schemas/decision.js'
import type { AccessAsked, Approvals } from './approvals/approvals.js'
import type { Clock } from './clock.js'
import type { Rewritten } from './decision-cache.js'
import { createJudge, type Judge, type Judgement } from './guard-judgement.js'
import { heldAnswer } from './guard-hold.js'
import { expired, type Aged } from './guard-freshness.js'
import { INTERNAL, tokenRefusal, UNAVAILABLE, worst } from './guard-refusal.js'
import type { HintFor } from './guard-refusal.js'
import { limitsOf, overCap } from './guard-row-cap.js'
import { accessOver, admitted, askable, type Admission, type Askable } from './guard-admission.js'
import { previewed } from './guard-preview.js'
import { followed, storesSome, type LabelDuty } from './guard-labels.js'
import { maskedAtSource } from './guard-rewrite.js'
import type { RowWords } from './guard-rows.js'
import type { Waiting, Words } from './guard-waiting.js'
import { written } from './guard-record.js'
import { filmHeld, recordTermsOf, unrecorded, type RecordingDuty } from './guard-recording.js'
import type { Outcome, Recorder } from './recording/recorder.js'
import type { Session } from './session.js'
import type { RecordTerms } from './session-tape.js'

export type { Waiting, Words } from './guard-waiting.js'
export type { Outcome } from './recording/recorder.js'

// One statement as the client sent it. The statements of one message are judged together.
export type { Rewritten } from './decision-cache.js'

export type CommandToJudge = {
  readonly statement: Statement
  // `id` of the reading that the statement came from.
  readonly reading: number
  // The exact text of the message (the whole text, also where it holds several statements).
  readonly text: string
  // Values of a Bind; undefined for the simple protocol.
  readonly binds: readonly (Uint8Array | null)[] | undefined
  // 0 text, 1 binary: none, one for all values, or one for each.
  readonly bindFormats?: readonly number[] | undefined
  // Their types as the client gave them, by OID; 0 or absent: the target finds out.
  readonly bindTypes?: readonly number[] | undefined
  readonly message: 'simple' | 'extended'
  readonly position: number
  readonly of: number
  // The same on masked values, and under row filters; absent where no other text can be sent.
  readonly spliced?: Rewriting | undefined
  readonly rows?: RowWords | undefined
  // What the target was sent in place of the text when it was prepared: that is what runs.
  readonly sent?: Rewritten | undefined
}

export type Rewriting = (text: string, masks: readonly Mask[]) => Spliced

export type Refusal = Words & {
  readonly why: 'denied' | 'not_approved' | 'token' | 'unavailable' | 'cancelled' | 'limit'
  // Id of the rule that spoke first; `sallyport/…` for the gateway's own.
  readonly rule: string
}

export type Answer =
  | {
      readonly go: true
      // One for each command judged, in order.
      readonly commands: readonly {
        readonly command: number
        readonly masks: ExitMasks
        readonly limits: Limits
        readonly recorded: RecordTerms
        // Goes to the target in place of the client's own text.
        readonly rewritten?: Rewritten | undefined
      }[]
    }
  | { readonly go: false; readonly refusal: Refusal }

export type Preview = {
  readonly refusal?: Refusal | undefined
  // It may go, in other words.
  readonly sent?: Rewritten | undefined
}

export type Guard = {
  // Judges, holds, records. `answered` is called exactly once, at once or later, and never before
  // every intent is as durable as it must be.
  readonly judge: (
    session: Session,
    commands: readonly CommandToJudge[],
    waiting: Waiting,
    answered: (answer: Answer) => void,
  ) => void
  // Would this be refused whatever its values? Used before a Parse goes to the target. Records a
  // refusal, and nothing otherwise.
  readonly preview: (session: Session, command: CommandToJudge) => Preview
  // May this identity open this target at all (stage `session`)? Waits for people only with `waiting`.
  readonly admit: (session: Session, waiting?: Waiting) => Admission
  // What must be asked of whom before the target opens, for who asks ahead.
  readonly askable: (session: Session, access: AccessAsked) => Askable
  // Whether the access for a time that the session was opened on is over.
  readonly accessOver: (session: Session) => Refusal | undefined
  // What came of a command that was let go; told exactly once.
  readonly done: (session: Session, outcome: Outcome) => void
}

export type GuardParts = Aged & {
  readonly clock: Clock
  readonly policy: () => Policy | undefined
  readonly recorder: Recorder
  // Absent: nothing is recorded beside the record.
  readonly recordings?: RecordingDuty
  readonly approvals: Approvals
  // Keeps the labels that follow data.
  readonly labels?: LabelDuty
  // Which commands wait for the disk: none, those that change something, all.
  readonly durability: 'os' | 'changes' | 'disk'
  readonly exitMasksOf: (
    statement: Statement,
    masks: readonly Mask[],
  ) => { readonly masks: ExitMasks } | { readonly refused: string; readonly hint?: string }
  readonly hintFor?: HintFor
  readonly onDecision?: (action: Action, rule: string, us: number, cached: boolean) => void
  readonly onRefusal?: (why: Refusal['why'], rule: string) => void
  readonly onHold?: (outcome: string, waitedMs: number) => void
  // After the answer, for who looks on.
  readonly onSettled?: (trial: Trial, judgement: Judgement) => void
  // Something was thrown inside the guard: for the operational log.
  readonly onInternal?: (thrown: unknown) => void
}

// One message under judgement, handed from step to step.
export type Trial = {
  readonly session: Session
  readonly commands: readonly CommandToJudge[]
  readonly waiting: Waiting
  readonly answered: (answer: Answer) => void
  // Number of the first command within the session; the others follow it.
  readonly first: number
  // In the session's recording already.
  filmed?: boolean
  // Made when it is first asked for: see `digestOf`.
  digest: string | undefined
  // How many rows each command may change, as who approved it said.
  rowsMax?: readonly (number | undefined)[] | undefined
  settled: boolean
}

export function createGuard(parts: GuardParts): Guard {
  const judge = createJudge(parts)

  // The one place where something thrown becomes an answer.
  const guarded = (trial: Trial, step: () => void): void => {
    try {
      step()
    } catch (thrown) {
      parts.onInternal?.(thrown)
      settle(trial, { go: false, refusal: INTERNAL })
    }
  }

  const settle = (trial: Trial, answer: Answer): void => {
    if (trial.settled) return
    trial.settled = true
    if (!answer.go) {
      trial.session.counters.denials++
      parts.onRefusal?.(answer.refusal.why, answer.refusal.rule)
    }
    trial.answered(answer)
  }

  const finish: Finish = (trial, judgement, found, approvals) => {
    const refusal = found ?? expired(parts) ?? unrecorded(parts, trial, judgement)
    const end = (last: Refusal | undefined): void => ended(trial, judgement, last, approvals)
    if (refusal !== undefined || !storesSome(trial)) end(refusal)
    else followed(parts.labels, trial, judgement, (last) => guarded(trial, () => end(last)))
  }

  const ended: Finish = (trial, judgement, refusal, approvals) => {
    written(parts, trial, judgement, refusal, approvals, (failure) =>
      guarded(trial, () => {
        if (failure !== undefined) settle(trial, { go: false, refusal: UNAVAILABLE })
        else if (refusal !== undefined) settle(trial, { go: false, refusal })
        else settle(trial, passed(parts, trial, judgement))
        parts.onSettled?.(trial, judgement)
      }),
    )
  }

  const hold = (trial: Trial, policy: Policy, judgement: Judgement): void => {
    heldAnswer(parts, judge, trial, policy, judgement).then(
      (end) => {
        trial.rowsMax = end.rowsMax
        const refusal = end.refusal ?? overCap(trial, end.judgement)
        guarded(trial, () => finish(trial, end.judgement, refusal, end.approvals))
      },
      (thrown: unknown) =>
        guarded(trial, () => {
          throw thrown
        }),
    )
  }

  return {
    judge(session, commands, waiting, answered) {
      const trial = trialOf(session, commands, waiting, answered)
      guarded(trial, () => begin(parts, judge, trial, settle, finish, hold))
    },
    preview(session, command) {
      let preview: Preview = {}
      const trial = trialOf(session, [command], NOBODY_WAITS, (answer) => {
        preview = answer.go ? {} : { refusal: answer.refusal }
      })
      guarded(trial, () => {
        preview = previewed(parts, judge, trial)
        const { refusal } = preview
        if (refusal === undefined) session.commands--
        else settle(trial, { go: false, refusal })
      })
      return preview
    },
    admit: (session, waiting) => admitted(parts, judge, session, waiting),
    askable: (session, access) => askable(parts, judge, session, access),
    accessOver: (session) => accessOver(parts, judge, session),
    done(session, outcome) {
      judge.count(session, outcome.command, outcome.rows ?? 0)
      parts.recorder.outcome(outcome)
    },
  }
}

type Finish = (
  trial: Trial,
  judgement: Judgement,
  refusal: Refusal | undefined,
  approvals: readonly (string | undefined)[],
) => void

const NOBODY_WAITS: Waiting = { notice: () => undefined, signal: new AbortController().signal }
const NO_APPROVALS: readonly (string | undefined)[] = []

function trialOf(
  session: Session,
  commands: readonly CommandToJudge[],
  waiting: Waiting,
  answered: (answer: Answer) => void,
): Trial {
  const first = session.commands + 1
  session.commands += commands.length
  return { session, commands, waiting, answered, first, digest: undefined, settled: false }
}

function begin(
  parts: GuardParts,
  judge: Judge,
  trial: Trial,
  settle: (trial: Trial, answer: Answer) => void,
  finish: Finish,
  hold: (trial: Trial, policy: Policy, judgement: Judgement) => void,
): void {
  const now = parts.clock.now()
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) {
    settle(trial, { go: false, refusal: UNAVAILABLE })
    return
  }
  const judgement = judge.judged(trial, policy, now, [])
  judge.counted(trial.session, trial.commands.length, now)
  const standing = trial.session.identity.standing(now)
  const over = standing.valid ? accessOver(parts, judge, trial.session) : tokenRefusal(standing)
  if (over !== undefined) finish(trial, judgement, over, NO_APPROVALS)
  else {
    const runs = maskedAtSource(trial, judgement) ?? judgement
    const refusal = worst(runs)
    // Nobody is asked about what could not run.
    const never = refusal ?? expired(parts) ?? overCap(trial, runs)
    if (judgement.held && never === undefined) {
      filmHeld(parts, trial, judgement)
      hold(trial, policy, judgement)
    } else finish(trial, runs, never, NO_APPROVALS)
  }
}

function passed(parts: GuardParts, trial: Trial, judgement: Judgement): Answer {
  const commands = judgement.decided.map(({ exit, decision, labelled, rewritten }, i) => {
    if (!('masks' in exit)) throw new Error('nothing to pass')
    const command = trial.first + i
    const recorded = recordTermsOf(parts, decision)
    if (labelled) judgement.state.labelled.add(command)
    const limits = limitsOf(trial, decision.limits, i)
    return { command, masks: exit.masks, limits, recorded, rewritten }
  })
  return { go: true, commands }
}
