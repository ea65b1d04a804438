// What is known of the handles under net.Socket: the same on Node 20, 22, 24 and 26, but internal. All
// knowledge of it stands here and in `raw-stream.ts`; where anything is missing, sockets are used.
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

// A TCP or pipe handle as net.Socket holds it (node: src/stream_base.cc).
export type StreamHandle = {
  readStart: () => number
  readStop: () => number
  shutdown: (request: object) => number
  close: (done?: () => void) => void
  writeBuffer: (request: object, bytes: Uint8Array) => number
  useUserBuffer: (buffer: Uint8Array) => void
  onread: (buffer: ArrayBuffer | undefined) => unknown
  ref?: () => void
}

export type StreamBinding = {
  readonly WriteWrap: new () => {
    oncomplete?: (status: number, handle: unknown, error?: unknown) => void
  }
  readonly ShutdownWrap: new () => { oncomplete?: (status: number) => void }
  // Filled by the binding before it calls `onread` or returns from a write.
  readonly state: Int32Array
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

let found: StreamBinding | undefined | null = null

// The binding, or undefined where this Node does not have it in the known form.
export function streamBinding(): StreamBinding | undefined {
  if (found === null) found = look()
  return found
}

function look(): StreamBinding | undefined {
  const binding: unknown = quietly(() => {
    const main: unknown = createRequire(import.meta.url)('node:process')
    if (typeof main !== 'object' || main === null || !('binding' in main)) return undefined
    return typeof main.binding === 'function' ? (main.binding('stream_wrap') as unknown) : undefined
  })
  if (typeof binding !== 'object' || binding === null) return undefined
  const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } =
    binding as Record<string, unknown>
  if (typeof WriteWrap !== 'function' || typeof ShutdownWrap !== 'function') return undefined
  if (!(streamBaseState instanceof Int32Array)) return undefined
  if (typeof kReadBytesOrError !== 'number' || typeof kLastWriteWasAsync !== 'number')
    return undefined
  return {
    WriteWrap: WriteWrap as StreamBinding['WriteWrap'],
    ShutdownWrap: ShutdownWrap as StreamBinding['ShutdownWrap'],
    state: streamBaseState,
    kReadBytesOrError,
    kLastWriteWasAsync,
  }
}

// process.binding warns of its deprecation (DEP0111) only under --pending-deprecation; whoever asked for
// that gets the warning of their own code, not of ours.
function quietly<T>(work: () => T): T | undefined {
  const before = process.noDeprecation
  process.noDeprecation = true
  try {
    return work()
  } catch {
    return undefined
  } finally {
    process.noDeprecation = before ?? false
  }
}

// Takes the handle away from a plain socket, which is of no use afterwards. Undefined where the socket
// has none of the known form.
export function handleOf(socket: Socket): StreamHandle | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: Partial<StreamHandle> | null }
  if (handle === undefined || handle === null) return undefined
  const known = [
    'readStart',
    'readStop',
    'shutdown',
    'close',
    'writeBuffer',
    'useUserBuffer',
  ] as const
  if (known.some((name) => typeof handle[name] !== 'function')) return undefined
  return handle as StreamHandle
}
