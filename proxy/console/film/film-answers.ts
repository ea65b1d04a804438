// A film as `/api/sessions/:id/film` tells it.
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Frame } from '../reading/result-table.js'

export type FilmRule = { readonly id: string; readonly message: string; readonly hint?: string }

export type UnderEntry = {
  readonly action: string
  readonly rules: readonly FilmRule[]
  readonly parted: boolean
  readonly parting?: string
  readonly after?: boolean
  readonly notes?: readonly string[]
}

export type FilmEntry = {
  // Milliseconds since the session opened.
  readonly at: number
  readonly time?: number
  readonly command: number
  readonly text: string
  readonly redacted?: boolean
  readonly rewritten?: string
  readonly action: string
  readonly rules: readonly FilmRule[]
  readonly go: boolean
  readonly refusal?: string
  readonly facts?: Facts
  readonly approval?:
    | string
    | {
        readonly id: string
        readonly events: readonly {
          readonly at: number
          readonly event: string
          readonly by?: string
          readonly reason?: string
        }[]
      }
  readonly outcome?: {
    readonly result: string
    readonly tag?: string
    readonly sqlstate?: string
    readonly rows?: number
    readonly bytes?: number
    readonly duration_us?: number
    readonly masked?: number
  }
  readonly incidents?: readonly {
    readonly at: number
    readonly event: string
    readonly detail: string
  }[]
  readonly frames: readonly Frame[]
  readonly under?: UnderEntry
}

export type FilmSession = {
  readonly id: string
  readonly subject: string
  readonly issuer: string
  readonly name: string
  readonly kind: string
  readonly target: string
  readonly database: string
  readonly client_address: string
  readonly application: string
  readonly opened: number
  readonly closed?: number
  readonly state: string
  readonly reason?: string
  readonly commands: number
  readonly notes: readonly string[]
}

export type FilmPage = {
  readonly session: FilmSession
  readonly entries: readonly FilmEntry[]
  readonly next?: number
  readonly parted_at?: number
}
