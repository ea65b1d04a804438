// One connection as the protocols see it: bytes in, bytes out, with backpressure. Two makers: raw
// stream handles (fast) and net.Socket or tls.TLSSocket (always there).

export type Stream = {
  readonly remoteAddress: string
  readonly encrypted: boolean
  // Set by the owner before the first read. The chunk is valid only during the call: copy what stays.
  onBytes: (chunk: Buffer) => void
  // The other side ended or the connection failed; called once, then nothing more.
  onClose: (error: Error | undefined) => void
  // Called after a write returned false, once all is with the kernel.
  onDrain: () => void
  // Takes the bytes at once (copies what the kernel would not take). False: stop writing until onDrain.
  readonly write: (bytes: Uint8Array) => boolean
  // Bytes accepted by `write` and not yet with the kernel.
  readonly queued: () => number
  readonly pause: () => void
  readonly resume: () => void
  // Sends what is queued, then closes; after a while closes anyway, for who never reads would keep the
  // connection for ever.
  readonly end: () => void
  readonly destroy: () => void
}

// How long an ended connection may take to get rid of what is queued: a few hundred KB at most, since
// writers stop at a full queue.
export const LINGER_MS = 60_000
