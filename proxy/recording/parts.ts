// Facts and decisions repeat from command to command. Each is written once a segment, as a `part`
// line, and referred to by its digest. An object met before costs one look-up; its text is made once.
import { canonicalJson } from '../../engine/canonical.js'
import { partBody, textDigest } from './record-line.js'

// A segment that gathered so many different parts forgets which it holds and writes some again.
const PARTS_MAX = 100_000

type Known = { readonly digest: string; segment: number }

export type Parts = {
  // The digest of the object. `write` is called first where this segment does not hold it yet.
  readonly digestOf: (part: object, write: (body: string) => void) => string
  // From here on parts are written again, as each segment stands for itself.
  readonly forget: () => void
}

export function createParts(): Parts {
  const known = new WeakMap<object, Known>()
  let written = new Set<string>()
  let segment = 0

  const forget = (): void => {
    segment += 1
    written = new Set()
  }

  return {
    forget,
    digestOf(part, write) {
      const found = known.get(part)
      if (found !== undefined && found.segment === segment) return found.digest
      const canonical = canonicalJson(part)
      const digest = found?.digest ?? textDigest(canonical)
      if (written.size >= PARTS_MAX) forget()
      if (!written.has(digest)) {
        written.add(digest)
        write(partBody(digest, canonical))
      }
      if (found === undefined) known.set(part, { digest, segment })
      else found.segment = segment
      return digest
    },
  }
}
