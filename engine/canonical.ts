// One text for one value, whatever order its members were made in: JSON with members sorted by UTF-16
// code units and no spaces (RFC 8785). Digests and comparisons of facts and decisions are made of it.

// Far deeper than any facts or decision; a deeper value is a mistake and must not blow the stack.
const DEPTH_MAX = 200

export function canonicalJson(value: unknown): string {
  return written(value, 0)
}

function written(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) throw new RangeError('a value is nested too deeply to be written')
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      // RFC 8785 §3.2.2.3: NaN and infinities have no form; numbers are written as ECMAScript does.
      if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written as JSON`)
      return JSON.stringify(value)
    case 'object':
      return value === null ? 'null' : composite(value, depth)
    default:
      throw new TypeError(`a ${typeof value} cannot be written as JSON`)
  }
}

function composite(value: object, depth: number): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => written(item, depth + 1)).join(',')}]`
  }
  const members: string[] = []
  // The default sort compares UTF-16 code units, as RFC 8785 §3.2.3 asks.
  for (const [name, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    // As JSON.stringify does: a member that is undefined is not there.
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${written(member, depth + 1)}`)
  }
  return `{${members.join(',')}}`
}
