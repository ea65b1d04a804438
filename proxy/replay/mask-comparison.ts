// Two sets of masks held against each other on what one command does with labelled columns: which result
// columns, and which uses beside them, are masked under the second and were not under the first, or the
// other way round. Works on recorded flows; the command's text is not looked at.
import { maskWords, showSame } from '../../engine/facts/postgres/mask-words.js'
import { strictest } from '../../engine/facts/postgres/mask-strictness.js'
import { isMatched, isPattern } from '../../engine/facts/postgres/mask-match.js'
import { isHarmless } from '../../engine/facts/postgres/value.js'
import type { Mask } from '../../engine/schemas/decision.js'
import type { Facts, Flow, Operation } from '../../engine/schemas/facts.js'

// How one result column is masked: its mask, and whether its value is a plain copy of a column.
export type OutputMask = { readonly mask: Mask; readonly copy: boolean }

export function outputMasks(
  flows: readonly Flow[],
  masks: readonly Mask[],
): ReadonlyMap<number, OutputMask> {
  const found = new Map<number, { masks: Mask[]; copy: boolean }>()
  for (const flow of flows) {
    const mask = maskOf(flow, masks)
    if (flow.to !== 'output' || flow.output === undefined || mask === undefined) continue
    const own = found.get(flow.output) ?? { masks: [], copy: true }
    found.set(flow.output, own)
    own.masks.push(mask)
  }
  const outputs = new Map<number, OutputMask>()
  for (const [output, own] of found) {
    const mask = strictest(own.masks)
    const into = flows.filter((flow) => flow.to === 'output' && flow.output === output)
    const copy = into.length === 1 && into.every(({ through }) => through.length === 0)
    if (mask !== undefined) outputs.set(output, { mask, copy })
  }
  return outputs
}

export function maskOf(flow: Flow, masks: readonly Mask[]): Mask | undefined {
  if (isHarmless(flow.through)) return undefined
  return strictest(
    masks.filter((mask) => !isPattern(mask) && isMatched(mask, flow.from, flow.labels)),
  )
}

// Uses of masked columns beside the output: which rows come, and in which order, depends on them.
export function usesBeside(flows: readonly Flow[], masks: readonly Mask[]): readonly Flow[] {
  return flows.filter((flow) => {
    const adrift = flow.to === 'output' && flow.output === undefined
    return (flow.to !== 'output' || adrift) && maskOf(flow, masks) !== undefined
  })
}

export type Newly = { readonly stricter: boolean; readonly looser: boolean }

export function newlyMasked(
  flows: readonly Flow[],
  before: readonly Mask[],
  after: readonly Mask[],
): Newly {
  const [was, is] = [outputMasks(flows, before), outputMasks(flows, after)]
  let stricter = false
  let looser = false
  for (const output of new Set([...was.keys(), ...is.keys()])) {
    const [one, other] = [was.get(output), is.get(output)]
    if (sameMask(one, other)) continue
    if (other === undefined) looser = true
    else stricter = true
  }
  const [used, uses] = [usesBeside(flows, before), usesBeside(flows, after)]
  if (uses.some((flow) => !used.includes(flow))) stricter = true
  if (used.some((flow) => !uses.includes(flow))) looser = true
  const [looked, looks] = [patterns(before), patterns(after)]
  if (looks.some((pattern) => !looked.includes(pattern))) stricter = true
  if (looked.some((pattern) => !looks.includes(pattern))) looser = true
  return { stricter, looser }
}

export function sameMask(one: OutputMask | undefined, other: OutputMask | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return showSame(one.mask, other.mask)
}

// A command that changes something and uses what would have been masked for more than its output: the gateway
// would have refused it, or run it on masked values. Either way something else would have become of it.
export function otherEffect(
  { command }: Facts,
  before: readonly Mask[],
  after: readonly Mask[],
): string | undefined {
  if (command === undefined || !command.effects.some(({ op }) => !READING.includes(op))) {
    return undefined
  }
  const used = usesBeside(command.flows, before)
  const one = usesBeside(command.flows, after).find((flow) => !used.includes(flow))
  if (one === undefined) return undefined
  return `${one.from} would have been masked, and is used for more than output (${one.to})`
}

const READING: readonly Operation[] = ['read', 'explain', 'copy_out', 'set', 'lock', 'transaction']

export function masksInBrief(before: readonly Mask[], after: readonly Mask[]): readonly string[] {
  const words = (mask: Mask): string => `${mask.match} (${maskWords(mask)})`
  const [was, is] = [before.map(words), after.map(words)]
  const more = is.filter((mask) => !was.includes(mask))
  const less = was.filter((mask) => !is.includes(mask))
  return [
    ...(more.length === 0 ? [] : [`masked: ${more.join(', ')}`]),
    ...(less.length === 0 ? [] : [`no longer masked: ${less.join(', ')}`]),
  ]
}

function patterns(masks: readonly Mask[]): readonly string[] {
  return masks
    .filter(isPattern)
    .map(({ match, method, keep }) => `${match} ${method} ${keep ?? ''}`)
}
