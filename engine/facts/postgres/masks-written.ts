// Collected while a statement is read: labelled columns that get a value which looks like a mask, and those that get
// a parameter, whose value is seen only when it is bound.
import type { WrittenMask } from '../../schemas/facts.js'
import type { MaskShape } from './mask-shape.js'

export type AskedParameter = {
  // From 1.
  readonly parameter: number
  readonly column: string
  readonly labels: readonly string[]
}

export type MasksWritten = {
  readonly found: (mask: WrittenMask) => void
  readonly asked: (parameter: AskedParameter) => void
  readonly told: () => readonly WrittenMask[]
  readonly parameters: () => readonly AskedParameter[]
}

export function createMasksWritten(): MasksWritten {
  const found = new Map<string, WrittenMask>()
  const asked = new Map<string, AskedParameter>()
  return {
    found: (mask) => {
      found.set(JSON.stringify([mask.column, mask.shape]), mask)
    },
    asked: (parameter) => {
      asked.set(JSON.stringify([parameter.parameter, parameter.column]), parameter)
    },
    told: () => [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mask]) => mask),
    parameters: () => [...asked.values()],
  }
}

// With values for the parameters: `shapeOf` says what the value of one looks like.
export function boundMasks(
  parameters: readonly AskedParameter[],
  shapeOf: (parameter: number) => MaskShape | undefined,
): readonly WrittenMask[] {
  return parameters.flatMap(({ parameter, column, labels }): readonly WrittenMask[] => {
    const shape = shapeOf(parameter)
    return shape === undefined ? [] : [{ column, labels: [...labels], shape }]
  })
}
