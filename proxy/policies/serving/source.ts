// Where bundles come from, as the serving part sees it: something that can be looked at now and followed
// from then on. What is found is only bytes; whether they may decide is examined elsewhere.
import { pathSource } from './path-source.js'
import { serverSource, type ServerOptions } from './server-source.js'

export type Offer = {
  readonly bytes: Uint8Array
  // When the source began to hand them out, by the monotonic clock: of two that were read side by side
  // the later one counts, whichever arrives first.
  readonly at: number
}

export type Found = {
  // Settles once the bytes were dealt with; never rejects.
  readonly offered: (offer: Offer) => Promise<void>
  // It was reached, and holds what it held before.
  readonly same: () => void
  // `at`: when it was begun.
  readonly failed: (problem: unknown, at: number) => void
}

export type Source = {
  readonly kind: 'folder' | 'file' | 'server'
  // For people, and to know it again: a path or URL.
  readonly place: string
  // Rejects where it cannot be read, mostly with a BundleProblem.
  readonly look: () => Promise<Offer>
  // Begins to tell what changes. Once.
  readonly follow: (found: Found) => void
  readonly close: () => void
}

export type SourceOptions =
  | { readonly kind: 'path'; readonly path: string; readonly opa: () => Promise<string> }
  | ({ readonly kind: 'server' } & ServerOptions)

export function openSource(options: SourceOptions): Promise<Source> {
  switch (options.kind) {
    case 'path':
      return pathSource(options)
    case 'server':
      return Promise.resolve(serverSource(options))
  }
}
