// What the gateway would do with a command, and who could send it, without sending anything: the same
// reading, judging and masking as for a client, by the policies in force and the target's own names. One
// question at a time, in small steps, so that traffic is not kept waiting.
import type { Policy } from '../engine/policy/policy.js'
import type { Decision } from '../engine/schemas/decision.js'
import type { Facts } from '../engine/schemas/facts.js'
import { GatewayError } from './errors.js'
import { opened, placeOf, situationFor, turn } from './gateway-trial-place.js'
import type { Opens, Place, TrialParts, TryQuestion } from './gateway-trial-place.js'
import { whoCan, type WhoCan } from './gateway-who-can.js'
import { suggestedTexts } from './policies/explain/suggested-texts.js'
import { whatWouldPass } from './policies/explain/what-would-pass.js'
import { createRehearsing, type Rehearsed, type Rehearsing } from './policies/rehearsal/rehearse.js'
import type { Situation } from './policies/rehearsal/situation.js'

export type Tried = {
  readonly text: string
  readonly facts: Facts
  readonly decision: Decision
  readonly flows: NonNullable<Facts['command']>['flows']
  readonly rewritten?: string
  // What the client would meet; `held` where it would wait for people.
  readonly answer: {
    readonly action: Decision['action']
    readonly go: boolean
    readonly held: boolean
    readonly rule?: string
    readonly message?: string
    readonly hint?: string
  }
  readonly nearest: readonly {
    readonly change: string
    readonly text?: string
    readonly action: Decision['action']
    readonly approvers?: readonly string[]
  }[]
}

export type TryAnswer = {
  readonly bundle: { readonly digest: string; readonly revision: string }
  // Whether this identity may open the target at all.
  readonly opens: Opens
  readonly statements: readonly Tried[]
}

export type Trials = {
  // Reject with GatewayError('not_found' | 'usage' | 'limit_exceeded' | 'target_unreachable').
  readonly tried: (question: TryQuestion) => Promise<TryAnswer>
  readonly whoCan: (
    question: Omit<TryQuestion, 'as'>,
  ) => Promise<WhoCan & Pick<TryAnswer, 'bundle'>>
}

const WAITING_MAX = 20
// Each is bounded by its fuel, and nothing else runs meanwhile.
const DECISIONS_MAX = 150

export function createTrials(parts: TrialParts): Trials {
  let made: Promise<Rehearsing> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const inTurn = async <T>(work: (rehearsing: Rehearsing) => Promise<T>): Promise<T> => {
    if (waiting >= WAITING_MAX) {
      throw new GatewayError(
        'limit_exceeded',
        'too many questions at a time; try again in a moment',
      )
    }
    waiting += 1
    const before = last
    const mine = (async () => {
      await before
      made ??= createRehearsing()
      return work(await made)
    })()
    last = mine.catch(() => undefined)
    return mine.finally(() => (waiting -= 1))
  }

  return {
    tried: (question) =>
      inTurn(async (rehearsing) => {
        const policy = parts.policy()
        const place = await placeOf(question, parts)
        const situation = situationFor(place, question.as, parts)
        return {
          bundle: bundleOf(policy),
          opens: await opened(rehearsing, place, situation, policy),
          statements: await statementsOf(question.sql, rehearsing, place, situation, policy, parts),
        }
      }),
    whoCan: (question) =>
      inTurn(async (rehearsing) => ({
        bundle: bundleOf(parts.policy()),
        ...(await whoCan(question, rehearsing, parts)),
      })),
  }
}

async function statementsOf(
  sql: string,
  rehearsing: Rehearsing,
  { catalogue }: Place,
  situation: Situation,
  policy: Policy,
  { settings }: TrialParts,
): Promise<readonly Tried[]> {
  const message = /\$\d/.test(sql) ? 'extended' : 'simple'
  const { statements, syntaxError } = await rehearsing.run(sql, catalogue, situation, policy, {
    message,
  })
  if (syntaxError !== undefined) {
    const { position, message: what } = syntaxError
    throw new GatewayError('usage', `at character ${position}: ${what}`)
  }
  const environments = settings().targets.flatMap(({ labels }) => labels['env'] ?? [])
  const found: Tried[] = []
  for (const one of statements) {
    await turn()
    const texts = await suggestedTexts(one, catalogue, (changed, how) =>
      rehearsing.run(changed, catalogue, situation, policy, { message: how }),
    )
    const changes =
      one.rewritten === undefined
        ? whatWouldPass(policy, one.facts, { environments, decisionsMax: DECISIONS_MAX })
        : []
    found.push({
      ...triedOf(one),
      nearest: [
        ...texts.map(({ words, sql: text, action }) => ({ change: words, text, action })),
        ...changes.map(({ words, action, approvers }) => ({
          change: words,
          action,
          ...(approvers === undefined ? {} : { approvers }),
        })),
      ],
    })
  }
  return found
}

function triedOf({ text, facts, decision, action, refusal, rewritten }: Rehearsed) {
  const held = refusal === undefined && action === 'require-approval'
  return {
    text,
    facts,
    decision,
    flows: facts.command?.flows ?? [],
    ...(rewritten === undefined ? {} : { rewritten }),
    answer: {
      action,
      go: refusal === undefined && !held,
      held,
      ...(refusal === undefined
        ? {}
        : {
            rule: refusal.rule,
            message: refusal.message,
            ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
          }),
    },
  }
}

function bundleOf({ digest, revision }: Policy): TryAnswer['bundle'] {
  return { digest, revision }
}
