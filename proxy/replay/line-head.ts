// What a record line is about, told from its first bytes without reading it as JSON, which would cost more
// than everything else when a large record is looked through. What does not begin as our lines do is
// read in full by who needs it.

const HEAD =
  /^\{"seq":\d+,"time":(\d+),(?:"prev":"[0-9a-f]{64}",)?"kind":"(\w+)"(?:,"(digest|session|approval|event)":"((?:[^"\\]|\\.)*)")?/
const HEAD_BYTES = 400

export type LineHead = {
  readonly kind: string
  readonly timeMs: number
  // The first field after the kind, where it is one of these; as it stands in JSON.
  readonly field?: string
  readonly value?: string
}

export function lineHead(bytes: Buffer): LineHead | undefined {
  const found = HEAD.exec(bytes.toString('latin1', 0, Math.min(bytes.length, HEAD_BYTES)))
  if (found === null) return undefined
  const [, time = '0', kind = '', field, value] = found
  return {
    kind,
    timeMs: Number(time),
    ...(field === undefined || value === undefined ? {} : { field, value }),
  }
}

const RIDING = /"session":"((?:[^"\\]|\\.)*)"/g
const OUTCOMES = Buffer.from('"outcomes":[')

// Sessions whose outcomes ride on a command's line; some may be named that only stand in a text.
export function ridingSessions(bytes: Buffer): readonly string[] {
  const at = bytes.lastIndexOf(OUTCOMES)
  if (at < 0) return []
  return [...bytes.toString('latin1', at).matchAll(RIDING)].map(([, session = '']) => session)
}
