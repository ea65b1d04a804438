// Values of a Bind that go to labelled columns and look like masks: they are seen only when they are bound, and make
// facts of their own.
import { maskShapeOf } from '../engine/facts/postgres/mask-shape.js'
import { boundMasks } from '../engine/facts/postgres/masks-written.js'
import type { CommandFacts, WrittenMask } from '../engine/schemas/facts.js'
import type { CommandToJudge } from './guard.js'

// undefined for none, as nearly always.
export function maskedBinds(command: CommandToJudge): readonly WrittenMask[] | undefined {
  const { binds, statement } = command
  if (binds === undefined || statement.parameters === undefined) return undefined
  const found = boundMasks(statement.parameters, (parameter) => {
    const value = binds[parameter - 1]
    return value === undefined || value === null ? undefined : maskShapeOf(value)
  })
  return found.length === 0 ? undefined : found
}

export function withWritten(read: CommandFacts, found: readonly WrittenMask[]): CommandFacts {
  return { ...read, written_masks: [...(read.written_masks ?? []), ...found] }
}
