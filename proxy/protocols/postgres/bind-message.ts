// Reads a Bind message (documentation 55.7): portal, statement, values, and the formats of the results.
import { int16At, int32At, stringEnd, textOf } from './wire-bytes.js'

export type BindParts = {
  readonly portal: string
  readonly statement: string
  // Views of the message: valid while it stays in front.
  readonly values: readonly (Uint8Array | null)[]
  // As for `formats`: none, one for all, or one for each.
  readonly valueFormats: readonly number[]
  readonly formats: readonly number[]
}

// `start` is the type byte. undefined where the lengths do not add up.
export function bindOf(bytes: Buffer, start: number, end: number): BindParts | undefined {
  const portalEnd = stringEnd(bytes, start + 5, end)
  const statementEnd = portalEnd < 0 ? -1 : stringEnd(bytes, portalEnd + 1, end)
  if (statementEnd < 0) return undefined
  const portal = textOf(bytes, start + 5, portalEnd)
  const statement = textOf(bytes, portalEnd + 1, statementEnd)
  if (portal === undefined || statement === undefined) return undefined
  let at = statementEnd + 1
  if (at + 2 > end) return undefined
  const valueFormatCount = int16At(bytes, at)
  at += 2
  if (at + valueFormatCount * 2 + 2 > end) return undefined
  const valueFormats: number[] = []
  for (let i = 0; i < valueFormatCount; i++) valueFormats.push(int16At(bytes, at + i * 2))
  at += valueFormatCount * 2
  const count = int16At(bytes, at)
  at += 2
  const values: (Uint8Array | null)[] = []
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return undefined
    const length = int32At(bytes, at)
    at += 4
    if (length < -1 || at + length > end) return undefined
    values.push(length < 0 ? null : bytes.subarray(at, at + length))
    at += Math.max(0, length)
  }
  if (at + 2 > end) return undefined
  const formats: number[] = []
  const formatCount = int16At(bytes, at)
  at += 2
  if (at + formatCount * 2 !== end) return undefined
  for (let i = 0; i < formatCount; i++) formats.push(int16At(bytes, at + i * 2))
  return { portal, statement, values, valueFormats, formats }
}
