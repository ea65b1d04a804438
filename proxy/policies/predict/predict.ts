// What a gateway would do with a script: each statement read, judged and masked as in production, in order,
// with the names that the statements before it make. It is told as if each before it had run.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Action } from '../../../engine/schemas/decision.js'
import type { Surroundings } from '../explain/candidates.js'
import { suggestedTexts } from '../explain/suggested-texts.js'
import { whatWouldPass } from '../explain/what-would-pass.js'
import type { Ddl } from '../rehearsal/catalogue.js'
import { createRehearsing } from '../rehearsal/rehearse.js'
import type { Rehearsal, Rehearsed, Rehearsing } from '../rehearsal/rehearse.js'
import type { Situation } from '../rehearsal/situation.js'
import { runningNames, type RunningNames } from './running-names.js'
import { scriptText, type Message, type Unread } from './script-text.js'

export type Predicted = {
  readonly line: number
  readonly column: number
  readonly text: string
  // Of the message, as the record and approvals name it.
  readonly digest: string
  readonly action: Action
  readonly rules: readonly string[]
  readonly message?: string
  readonly hint?: string
  // Numbers of the result columns that come masked, from 1.
  readonly masked?: readonly number[]
  // Runs in another form, on masked values.
  readonly rewritten?: string
  readonly approval?: { readonly approvers: readonly string[]; readonly quorum: number }
  readonly wouldPass: readonly {
    readonly words: string
    readonly action: Action
    // The statement so changed, where it is known.
    readonly sql?: string
  }[]
  // What this prediction could not take into account.
  readonly notes: readonly string[]
}

export type Prediction = {
  readonly statements: readonly Predicted[]
  readonly unread: readonly Unread[]
  readonly syntaxErrors: readonly Unread[]
  // In all: whose approval is needed.
  readonly approvers: readonly string[]
}

export type PredictOptions = {
  readonly script: string
  readonly policy: Policy
  // With the labels of the policy.
  readonly catalogue: Catalogue
  readonly ddl: readonly Ddl[]
  readonly situation: Situation
  readonly around: Surroundings
  // Sent as one message, as drivers do that are handed a whole file.
  readonly whole?: boolean
  readonly progress?: (what: string) => void
}

export async function predicted(options: PredictOptions): Promise<Prediction> {
  const { messages, unread } = scriptText(options.script)
  const rehearsing = await createRehearsing()
  const { catalogue, ddl, situation, policy, progress } = options
  const names = runningNames({
    catalogue,
    ddl,
    database: situation.target.database,
    labels: policy.labels,
    ...(progress && { progress }),
  })
  try {
    const sent = options.whole === true ? joined(options.script, messages) : messages
    return await inOrder(sent, unread, names, rehearsing, options)
  } finally {
    await names.close()
  }
}

async function inOrder(
  messages: readonly Message[],
  unread: readonly Unread[],
  names: RunningNames,
  rehearsing: Rehearsing,
  { situation: first, policy, around, whole }: PredictOptions,
): Promise<Prediction> {
  const statements: Predicted[] = []
  const syntaxErrors: Unread[] = []
  let situation = first
  for (const message of messages) {
    const context = names.names()
    const options = context === undefined ? {} : { names: context }
    const catalogue = names.catalogue()
    const found = await rehearsing.run(message.text, catalogue, situation, policy, options)
    const error = found.syntaxError
    if (error !== undefined) {
      syntaxErrors.push({ ...placeIn(message, error.position), what: error.message })
    }
    for (const one of found.statements) {
      // Nothing comes after the last that names would matter to.
      const running = error === undefined && whole !== true && message !== messages.at(-1)
      const note = running ? await names.after(one.text, one.statement) : undefined
      const place = placeIn(message, 1 + startOf(message.text, one))
      const run = (sql: string, kind: 'simple' | 'extended'): Promise<Rehearsal> =>
        rehearsing.run(sql, catalogue, situation, policy, { ...options, message: kind })
      const texts = await suggestedTexts(one, catalogue, run)
      const wouldPass = [...texts, ...suggestions(one, policy, around)]
      statements.push({ ...predictedOf(one, place, note), wouldPass })
      situation = after(situation, one)
    }
  }
  const approvers = statements.flatMap(({ approval }) => approval?.approvers ?? [])
  return { statements, unread, syntaxErrors, approvers: [...new Set(approvers)].sort() }
}

function predictedOf(
  one: Rehearsed,
  place: { readonly line: number; readonly column: number },
  note: string | undefined,
): Omit<Predicted, 'wouldPass'> {
  const { decision, refusal, masks, rewritten, facts, text } = one
  const fields = one.action === 'mask-fields' ? [...(masks?.fields.keys() ?? [])] : []
  // Patterns are looked for in every answer; only a column that is masked makes a difference here.
  const plain = one.action === 'mask-fields' && fields.length === 0 && rewritten === undefined
  const action = plain ? 'allow' : one.action
  const [rule] = action === 'require-approval' ? decision.rules : []
  const message = refusal?.message.replace(/^denied: /, '') ?? rule?.message
  const hint = refusal?.hint ?? rule?.hint
  const { approval } = decision
  return {
    ...place,
    text,
    digest: facts.command?.digest ?? '',
    action,
    rules: refusal !== undefined ? [refusal.rule] : plain ? [] : decision.rules.map(({ id }) => id),
    ...(message === undefined ? {} : { message }),
    ...(hint === undefined ? {} : { hint }),
    ...(fields.length === 0 ? {} : { masked: fields.map((field) => field + 1) }),
    ...(rewritten === undefined ? {} : { rewritten }),
    ...(action === 'require-approval' && approval !== undefined
      ? { approval: { approvers: approval.approvers, quorum: approval.quorum } }
      : {}),
    notes: note === undefined ? [] : [note],
  }
}

function suggestions(one: Rehearsed, policy: Policy, around: Surroundings): Predicted['wouldPass'] {
  if (one.action !== 'deny') return []
  return whatWouldPass(policy, one.facts, around).map(({ words, action }) => ({ words, action }))
}

// One more command, and where the transaction then stands.
function after(situation: Situation, { statement }: Rehearsed): Situation {
  const { counters } = situation
  const { kind } = statement.control
  const ends = kind === 'commit' || kind === 'rollback'
  return {
    ...situation,
    transaction: kind === 'begin' ? 'open' : ends ? 'idle' : situation.transaction,
    counters: {
      ...counters,
      commands: counters.commands + 1,
      commands_last_minute: counters.commands_last_minute + 1,
    },
  }
}

// From the first statement to the last. What is psql’s own has no place in one message.
function joined(script: string, messages: readonly Message[]): readonly Message[] {
  const [first] = messages
  return first === undefined ? [] : [{ ...first, text: script.slice(script.indexOf(first.text)) }]
}

function startOf(text: string, { statement }: Rehearsed): number {
  const before = Buffer.from(text).subarray(0, statement.start).toString()
  const rest = text.slice(before.length)
  return before.length + (rest.length - rest.trimStart().length)
}

// `position` counts characters of the message from 1.
function placeIn(
  { text, line, column }: Message,
  position: number,
): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, position - 1).split('\n')
  const last = lines.at(-1) ?? ''
  return {
    line: line + lines.length - 1,
    column: lines.length === 1 ? column + [...last].length : [...last].length + 1,
  }
}
