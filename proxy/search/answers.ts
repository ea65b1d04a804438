// What searching answers, in the words of the API: the same in JSON on the command line and over HTTP.

export type Hit = {
  readonly session: string
  readonly command: number
  // Line of the record.
  readonly seq: number
  readonly time: string
  readonly who: string
  readonly subject: string
  readonly issuer: string
  readonly kind: string
  readonly target: string
  readonly database: string
  readonly text: string
  // The record no longer has its text.
  readonly gone: boolean
  readonly redacted: boolean
  readonly action: string
  readonly rules: readonly string[]
  readonly ran: boolean
  readonly refusal: string | null
  readonly objects: readonly string[]
  readonly columns: readonly string[]
  // Columns whose values went to the client.
  readonly saw: readonly string[]
  readonly labels: readonly string[]
  readonly result: string | null
  readonly tag: string | null
  readonly sqlstate: string | null
  readonly rows: number | null
  readonly masked: number | null
  readonly duration_ms: number | null
  readonly approval: string | null
  readonly snippet: string
}

// Where the answer may be incomplete, and why.
export type Standing = {
  // Bytes of the record that are not in the index yet.
  readonly behind_bytes: number
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly why: string }[]
  // Gaps beyond those listed.
  readonly more_gaps: number
}

export type SearchPage = {
  readonly hits: readonly Hit[]
  readonly total_at_least: number
  // Goes on where this page ended, also one that ended early and holds fewer hits than asked for.
  readonly next?: string
  readonly took_ms: number
  readonly standing: Standing
}

export type Group = {
  readonly value: string
  readonly commands: number
  readonly rows: number
  readonly masked: number
  readonly first: string
  readonly last: string
  // Line of the last one, and the session that it is in.
  readonly last_seq: number
  readonly session: string
  readonly command: number
}

export const GROUPINGS = ['person', 'target', 'rule', 'object', 'action'] as const
export type Grouping = (typeof GROUPINGS)[number]

export type GroupedAnswer = {
  readonly by: Grouping
  // Most commands first.
  readonly groups: readonly Group[]
  readonly other_groups: number
  readonly commands: number
  // False: only lines from `from_line` on were counted.
  readonly complete: boolean
  readonly from_line?: number
  readonly took_ms: number
  readonly standing: Standing
}
