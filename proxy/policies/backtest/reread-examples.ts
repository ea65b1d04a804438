// Examples of generated flips, as commands: read again by the gateway's own reader and decided under the labels
// of each policy, they must flip as the facts did that they stand for.
import type { Policy } from '../../../engine/policy/policy.js'
import { flipOf } from './flip.js'
import type { Example, FlipGroup } from './report.js'
import type { Rereading } from './reread.js'
import { synthesised } from './synthesise.js'

export type RereadOptions = {
  readonly before: Policy
  readonly after: Policy
  readonly rereading?: Rereading | undefined
}

// Examples whose text, read again under the labels of each policy, flips in the same way come first.
export async function rereadGroup(group: FlipGroup, options: RereadOptions): Promise<FlipGroup> {
  const examples: Example[] = []
  for (const example of group.examples) {
    if (examples.some(({ text, person }) => text === example.text && person === example.person)) {
      continue
    }
    // Those on labels were read to begin with, and have no facts of their own.
    const verified = example.verified === true || (await isVerified(group, example, options))
    examples.push({ ...example, verified })
  }
  return {
    ...group,
    examples: examples.sort((a, b) => Number(b.verified === true) - Number(a.verified === true)),
  }
}

async function isVerified(
  group: FlipGroup,
  { facts, circumstances }: Example,
  { rereading, before, after }: RereadOptions,
): Promise<boolean> {
  if (rereading === undefined || facts?.command === undefined) return false
  const { text, isSql } = synthesised(facts)
  if (!isSql) return false
  const { message } = facts.command.postgres
  const [one, other] = [
    await rereading.read(text, 'before', message),
    await rereading.read(text, 'after', message),
  ]
  if (one === undefined || other === undefined) return false
  const entrypoint =
    circumstances?.includes('nobody can be asked') === true ? 'degraded' : 'decision'
  const was = before.decide({ ...facts, command: one }, entrypoint)
  const is = after.decide({ ...facts, command: other }, entrypoint)
  const flip = flipOf(was, is)
  return flip?.direction === group.direction && flip.from === group.from && flip.to === group.to
}
