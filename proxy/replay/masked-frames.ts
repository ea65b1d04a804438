// What the client would have seen under other masks, made of what it saw. Values that were recorded clear are
// masked as the gateway would; what cannot be made exactly (computed values, keyed hashes, values that
// were masked already, rows that would have been others) is hidden whole, and it is said why.
import { randomBytes } from 'node:crypto'
import type { ExitMasks } from '../../engine/facts/postgres/exit-masks.js'
import { isPattern, patternOf } from '../../engine/facts/postgres/mask-match.js'
import type { Decision, Mask } from '../../engine/schemas/decision.js'
import type { Facts, Flow } from '../../engine/schemas/facts.js'
import { caughtInNumber, maskPlan, type MaskPlan } from '../protocols/postgres/mask.js'
import { caught } from '../protocols/postgres/net.js'
import type { Frame, Parting } from './film.js'
import { outputMasks, sameMask, usesBeside, type OutputMask } from './mask-comparison.js'

// In place of a value that is not to be seen, or not known.
export const HIDDEN = '▒▒▒▒'

type Row = readonly (string | null)[]
type Rewrite = (row: Row) => Row

export function framesUnder(
  frames: readonly Frame[],
  facts: Facts | undefined,
  recorded: Decision | undefined,
  found: { readonly parting: Parting; readonly decision?: Decision },
): readonly Frame[] {
  const { parting, decision } = found
  switch (parting) {
    case 'same':
    case 'unheld':
      return frames
    case 'unknown':
      return withoutAnswer(frames, 'no decision could be computed')
    case 'denied':
    case 'held':
    case 'refused':
      return withoutAnswer(frames, WOULD[parting])
    case 'ran':
      return withoutAnswer(frames, WOULD.ran)
    case 'limited':
      return withoutAnswer(frames, 'its answer would have been cut off by an error')
    case 'masked':
    case 'unmasked':
      if (facts === undefined || recorded === undefined || decision === undefined) {
        return withoutAnswer(frames, 'no decision could be computed')
      }
      return remasked(frames, facts.command?.flows ?? [], recorded.masks, decision.masks)
  }
}

const WOULD = {
  denied: 'it would have been denied',
  held: 'it would have waited for approval',
  refused: 'it would have been refused, or run on masked values',
  ran: 'it would have run; what it would have returned is on no record',
} as const

function withoutAnswer(frames: readonly Frame[], why: string): readonly Frame[] {
  const kept = frames.filter(({ kind }) => kind === 'command')
  const last = frames.at(-1)
  if (last === undefined) return []
  return [...kept, { at: last.at, kind: 'cut', command: last.command, why }]
}

function remasked(
  frames: readonly Frame[],
  flows: readonly Flow[],
  before: readonly Mask[],
  after: readonly Mask[],
): readonly Frame[] {
  const used = usesBeside(flows, before)
  const uses = usesBeside(flows, after)
  const other =
    uses.find((flow) => !used.includes(flow)) ?? used.find((flow) => !uses.includes(flow))
  const why = new Set<string>()
  if (other !== undefined) {
    why.add(`${other.from} decides which rows come (${other.to}), so that none of them is certain`)
  }
  let rewrite: Rewrite = hideAll
  const out = frames.map((frame): Frame => {
    if (frame.kind === 'columns') {
      if (other === undefined) rewrite = rewriteFor(frame.columns, flows, before, after, why)
      return frame
    }
    if (frame.kind === 'rows') return { ...frame, rows: frame.rows.map((row) => rewrite(row)) }
    // Errors and notices may quote what is masked now.
    if (frame.kind === 'error') {
      const { at, kind, command, sqlstate } = frame
      return { at, kind, command, sqlstate, message: HIDDEN }
    }
    if (frame.kind === 'notice') return { ...frame, message: HIDDEN }
    return frame
  })
  const at = out.at(-1)
  if (why.size === 0 || at === undefined) return out
  const note: Frame = {
    at: at.at,
    kind: 'cut',
    command: at.command,
    why: `hidden: ${[...why].join('; ')}`,
  }
  return [...out, note]
}

const hideAll: Rewrite = (row) => row.map((value) => (value === null ? null : HIDDEN))

function rewriteFor(
  columns: readonly { readonly name: string; readonly type: number }[],
  flows: readonly Flow[],
  before: readonly Mask[],
  after: readonly Mask[],
  why: Set<string>,
): Rewrite {
  const [was, is] = [outputMasks(flows, before), outputMasks(flows, after)]
  const hidden = new Set<number>()
  const fields = new Map<number, Mask>()
  for (const [i, column] of columns.entries()) {
    const [one, now] = [was.get(i), is.get(i)]
    if (sameMask(one, now)) continue
    const problem = whyNotExact(one, now, column.type)
    if (problem !== undefined) {
      hidden.add(i)
      why.add(`${column.name}: ${problem}`)
    } else if (now !== undefined) fields.set(i, now.mask)
  }
  const plan = planOf(columns, fields, after)
  return (row) =>
    row.map((value, i) => {
      if (value === null) return null
      return hidden.has(i) ? HIDDEN : fieldUnder(plan, i, value)
    })
}

// A mask that leaves nothing of the value needs none to be made of.
function whyNotExact(
  was: OutputMask | undefined,
  is: OutputMask | undefined,
  type: number,
): string | undefined {
  if (is === undefined) return 'it was masked when it was recorded'
  if (type === 0) return 'the type of the column is not on record'
  const { method } = is.mask
  if (!is.copy) return 'a computed value; the target would have computed it on masked values'
  if (method === 'hash' || method === 'token') return 'made with the gateway’s key'
  if (method === 'generalise') return 'how the target would have written it is not on record'
  if (was !== undefined && method === 'partial') return 'it was masked when it was recorded'
  // Types of extensions: whether they are texts is not on record.
  if (type >= FIRST_OWN_TYPE) return 'a type that is not known here'
  return undefined
}

// The first OID that PostgreSQL gives to what users make (access/transam.h, FirstNormalObjectId).
const FIRST_OWN_TYPE = 16_384

function planOf(
  columns: readonly { readonly type: number }[],
  fields: ReadonlyMap<number, Mask>,
  after: readonly Mask[],
): MaskPlan {
  const patterns = after.flatMap((mask) => {
    const pattern = isPattern(mask) ? patternOf(mask) : undefined
    return pattern === undefined ? [] : [{ pattern, mask }]
  })
  const masks: ExitMasks = { fields, patterns, quietErrors: true }
  const described = columns.map(({ type }) => ({
    table: 0,
    attnum: 0,
    type,
    typmod: -1,
    format: 0,
  }))
  // No keyed method comes here, so the key does not matter.
  return maskPlan(masks, described, randomBytes(32), () => false)
}

function fieldUnder(plan: MaskPlan, i: number, value: string): string | null {
  const field = plan.fields[i]
  if (field === undefined) return value
  if (field === 'null') return null
  const bytes = Buffer.from(value, 'utf8')
  if (field === 'search') {
    caught(bytes, 0, bytes.length, plan.patterns)
    return bytes.toString('utf8')
  }
  if (field === 'number') {
    caughtInNumber(plan, bytes, 0, bytes.length)
    return bytes.toString('utf8')
  }
  const masked = typeof field === 'function' ? field(bytes) : field
  return masked === undefined ? null : Buffer.from(masked).toString('utf8')
}
