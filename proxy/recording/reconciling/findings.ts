// What a record and a target's log do not agree about: counted whole, listed up to a bound, and each
// connection past the gateway listed once.

export type Finding = {
  readonly kind: 'missing_in_record' | 'missing_in_log' | 'other_text' | 'direct' | 'unreadable'
  readonly what: string
  readonly session?: string
  readonly command?: number
  readonly connection?: string
  readonly time?: number
  // As the log has it, or the record where the log has none.
  readonly text?: string
  readonly recorded?: string
}

export type Findings = {
  readonly add: (finding: Finding) => void
  readonly all: () => {
    readonly ok: boolean
    readonly counts: Readonly<Record<Finding['kind'], number>>
    readonly listed: readonly Finding[]
  }
}

const LISTED_MAX = 100
const TEXT_UNITS_MAX = 2_000

export function createFindings(): Findings {
  const counts = {
    missing_in_record: 0,
    missing_in_log: 0,
    other_text: 0,
    direct: 0,
    unreadable: 0,
  }
  const listed: Finding[] = []
  const direct = new Set<string>()
  return {
    add(finding) {
      counts[finding.kind] += 1
      if (listed.length >= LISTED_MAX) return
      const { connection } = finding
      if (connection !== undefined) {
        if (direct.has(connection)) return
        direct.add(connection)
      }
      const text = finding.text === undefined ? {} : { text: finding.text.slice(0, TEXT_UNITS_MAX) }
      listed.push({ ...finding, ...text })
    },
    all: () => ({
      ok: Object.values(counts).every((count) => count === 0),
      counts: { ...counts },
      listed,
    }),
  }
}
