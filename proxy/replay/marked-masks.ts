// Which columns of an answer wear a mask: by the decision, not by how their values look. A hash, a token or a
// generalised number looks like any other value; whoever watches a film must not take it for one.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { Frame } from './film.js'
import { outputMasks } from './mask-comparison.js'

export function masksMarked(
  frames: readonly Frame[],
  facts: Facts | undefined,
  decision: Decision | undefined,
): readonly Frame[] {
  const flows = facts?.command?.flows ?? []
  if (decision === undefined || decision.masks.length === 0 || flows.length === 0) return frames
  const masks = outputMasks(flows, decision.masks)
  if (masks.size === 0) return frames
  return frames.map((frame): Frame => {
    if (frame.kind !== 'columns') return frame
    const columns = frame.columns.map((column, at) => {
      const found = masks.get(at)
      return found === undefined ? column : { ...column, masked: found.mask.method }
    })
    return { ...frame, columns }
  })
}
