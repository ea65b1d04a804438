// The thread in which a shadow bundle decides: its own memory and its own time, so that whatever it does
// there is no command that waits for it. Told facts once and by number from then on; answers whether
// the bundle would have decided the same.
import { parentPort, workerData } from 'node:worker_threads'
import { canonicalJson } from '../../../engine/canonical.js'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import type { Action, Decision } from '../../../engine/schemas/decision.js'
import type { CommandFacts, Facts } from '../../../engine/schemas/facts.js'

export type WorkerStart = { readonly bytes: Uint8Array; readonly fuel: number; readonly id: number }

export type Question = {
  readonly number: number
  // Numbers of facts that were told before, or are told now.
  readonly base: number
  readonly command: number
  readonly digest: string
  readonly entrypoint: Entrypoint
  readonly decision: Decision
}

export type ToWorker = {
  // Everything told so far may be forgotten.
  readonly forget: boolean
  readonly bases: readonly (readonly [number: number, facts: Omit<Facts, 'command'>])[]
  readonly commands: readonly (readonly [number: number, facts: CommandFacts])[]
  readonly questions: readonly Question[]
}

export type Verdict =
  | { readonly same: true }
  | { readonly same: false; readonly action: Action; readonly rules: readonly string[] }

export type FromWorker =
  | {
      readonly kind: 'ready'
      readonly digest: string
      readonly wasm: string
      readonly revision: string
      // Whether a verdict may depend on the digest of the command's text.
      readonly readsDigest: boolean
    }
  | { readonly kind: 'refused'; readonly step: BundleProblem['step']; readonly reason: string }
  | {
      readonly kind: 'answers'
      readonly answers: readonly { readonly number: number; readonly verdict: Verdict }[]
    }

const port = parentPort
if (port !== null) {
  const { bytes, fuel, id } = workerData as WorkerStart
  const say = (message: FromWorker): void => port.postMessage(message)
  policyOf(bytes, { id, fuel }).then(
    (policy) => {
      const { digest, wasmDigest: wasm, revision } = policy
      say({ kind: 'ready', digest, wasm, revision, readsDigest: readsDigest(policy) })
      const answer = answering(policy)
      port.on('message', (message: ToWorker) => say({ kind: 'answers', answers: answer(message) }))
    },
    (problem: unknown) =>
      say({
        kind: 'refused',
        step: problem instanceof BundleProblem ? problem.step : 'contents',
        reason: problem instanceof Error ? problem.message : String(problem),
      }),
  )
}

// As the decision cache asks it: which facts a verdict can be used again for.
function readsDigest({ reads }: Policy): boolean {
  return (
    reads === undefined ||
    reads.some((path) => path === '' || path === 'command' || path.startsWith('command.digest'))
  )
}

function answering(policy: Policy): (message: ToWorker) => { number: number; verdict: Verdict }[] {
  const bases = new Map<number, Omit<Facts, 'command'>>()
  const commands = new Map<number, CommandFacts>()
  return (message) => {
    if (message.forget) {
      bases.clear()
      commands.clear()
    }
    for (const [number, facts] of message.bases) bases.set(number, facts)
    for (const [number, facts] of message.commands) commands.set(number, facts)
    return message.questions.map((question) => {
      const [base, command] = [bases.get(question.base), commands.get(question.command)]
      if (base === undefined || command === undefined) throw new Error('facts were never told')
      const facts = { ...base, command: { ...command, digest: question.digest } }
      const verdict = compared(question.decision, policy.decide(facts, question.entrypoint))
      return { number: question.number, verdict }
    })
  }
}

// What a client would meet counts, and who is asked; not the words.
function compared(active: Decision, shadow: Decision): Verdict {
  if (canonicalJson(effectOf(active)) === canonicalJson(effectOf(shadow))) return { same: true }
  return { same: false, action: shadow.action, rules: shadow.rules.map(({ id }) => id) }
}

function effectOf({ action, masks, approval, limits }: Decision): object {
  return { action, masks, limits, ...(approval === undefined ? {} : { approval }) }
}
