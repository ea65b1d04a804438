// The gateway's answers about policies, as the pages read them.

export type BundleLine = {
  readonly digest: string
  readonly content?: string
  readonly revision: string
  readonly at_ms: number
}

export type PolicyStatus = {
  readonly source: string
  readonly kind: string
  readonly active: BundleLine & {
    readonly since_ms: number
    readonly signers?: readonly string[] | null
  }
  readonly age_ms: number
  readonly freshness: string
  readonly refused: { readonly step: string; readonly reason: string } | null
  readonly pin: {
    readonly digest: string
    readonly by: string
    readonly reason: string
    readonly at_ms: number
  } | null
  readonly history: readonly BundleLine[]
  readonly shadow?: {
    readonly source: string
    readonly bundle: string
    readonly revision: string
  } | null
}

export type RuleLine = {
  readonly id: string
  readonly title?: string
  readonly severity?: string
  readonly hits: number
  readonly denied?: number
  readonly held?: number
  readonly masked?: number
  // Commands for which the shadow named it.
  readonly shadow?: number
  readonly retired?: boolean
  readonly last_at?: string
  readonly never?: boolean
}

export type ShadowReport = {
  readonly source: string
  readonly bundle: string
  readonly revision: string
  readonly since_ms?: number
  readonly same: number
  readonly differs: number
  readonly dropped: number
  readonly failed: number
  readonly flips: readonly {
    readonly action: string
    readonly rules: readonly string[]
    readonly shadow_action: string
    readonly shadow_rules: readonly string[]
    readonly count: number
    readonly examples: readonly {
      readonly session: string
      readonly command: number
      readonly at_ms: number
      readonly text: string
    }[]
  }[]
  readonly other_flips?: number
}

// A revision as people know it; by its digest where it has none.
export function shortBundle(revision: string, digest: string): string {
  const name = revision === '' ? digest.replace('sha256:', '') : revision
  return name.length > 24 ? name.slice(0, 12) : name
}

export function newestFirst(history: readonly BundleLine[]): readonly BundleLine[] {
  return [...history].sort((a, b) => b.at_ms - a.at_ms)
}
