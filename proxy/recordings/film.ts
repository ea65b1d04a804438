// A recording as the rest of the gateway sees it: what one client sent and saw, frame by frame, masked as
// it went out. `recordings.ts` makes one of `Recordings`; whatever reads films (replay, exports, the
// console) needs nothing but this file.

import type { Frame } from '../../engine/schemas/frame.js'

export type { Frame } from '../../engine/schemas/frame.js'

export type FilmState =
  // The session is open, and more may come.
  | 'live'
  // Closed as it should be: the last chunk says so.
  | 'finished'
  // The gateway ended, or the disk failed, before the session did.
  | 'cut_short'

export type Film = {
  readonly session: string
  readonly openedMs: number
  readonly subject: string
  readonly issuer: string
  readonly target: string
  readonly database: string
  readonly state: FilmState
  // Of the sealed file.
  readonly bytes: number
}

// Frames come in the order in which they were seen. What cannot be read ends the iteration with a
// GatewayError: `not_found` (never recorded, or deleted), `recording_locked` (no key for it),
// `recording_damaged` (not what was written). A film that ends early closes on a `cut` frame.
export type Recordings = {
  readonly read: (session: string) => AsyncIterable<Frame>
  readonly film: (session: string) => Promise<Film | undefined>
  readonly films: () => AsyncIterable<Film>
}
