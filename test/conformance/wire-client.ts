// A PostgreSQL client that can say things no well-behaved client says. It keeps every byte that it
// received, since a leak may stand in any of them.
import { createConnection, type Socket } from 'node:net'
import type { WireMessage } from './cases.js'

export type Received = { readonly type: string; readonly body: Buffer }

export type Reply = {
  readonly messages: readonly Received[]
  readonly raw: Buffer
  readonly closed: boolean
  readonly timedOut: boolean
  elapsedMs: number
}

type Waiter = () => void

// How long a held statement is given to run after all.
const HELD_MS = 300

function isHold({ type, body }: Received): boolean {
  return type === 'N' && /approv/.test(body.toString('latin1'))
}

export class WireClient {
  readonly messages: Received[] = []
  readonly chunks: Buffer[] = []
  closed = false
  framed = true
  processId = 0
  secretKey = 0
  #pending: Buffer = Buffer.alloc(0)
  readonly #waiters: Waiter[] = []
  readonly #socket: Socket

  static open(host: string, port: number): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new WireClient(socket)))
    })
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => this.#wake())
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.#pending = Buffer.concat([this.#pending, chunk])
      if (this.framed) this.#split()
      this.#wake()
    })
  }

  write(bytes: Uint8Array): void {
    if (!this.closed) this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.destroy()
  }

  mark(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.messages.length, bytes: this.#received() }
  }

  since(mark: { messages: number; bytes: number }, timedOut: boolean): Reply {
    return {
      messages: this.messages.slice(mark.messages),
      raw: Buffer.concat(this.chunks).subarray(mark.bytes),
      closed: this.closed,
      timedOut,
      elapsedMs: 0,
    }
  }

  // Sends and waits for `count` messages of type `until`, for the end of the connection ('close'),
  // for a while ('idle') or not at all ('none').
  async exchange(bytes: Uint8Array, until: string, count: number, ms: number): Promise<Reply> {
    const mark = this.mark()
    this.write(bytes)
    const seen = (): number => {
      let found = 0
      for (let at = mark.messages; at < this.messages.length; at++) {
        if (this.messages[at]?.type === until) found++
      }
      return found
    }
    let timedOut = false
    if (until === 'idle') await new Promise((resolve) => setTimeout(resolve, ms))
    else if (until === 'close') timedOut = !(await this.until(() => this.closed, ms))
    else if (until !== 'none') timedOut = !(await this.#answered(() => seen() >= count, mark, ms))
    return this.since(mark, timedOut)
  }

  // Whether the answer came in time. Once the gateway has said that a statement waits for people, no
  // more is waited for than a moment in which a statement let through would have answered.
  async #answered(
    reached: () => boolean,
    mark: { readonly messages: number },
    ms: number,
  ): Promise<boolean> {
    // Also where an earlier statement is held still: nothing overtakes it.
    const held = this.messages.findLastIndex(isHold)
    const isHeld = held > this.messages.findLastIndex(({ type }) => type === 'Z')
    const waits = (): boolean => isHeld || this.messages.slice(mark.messages).some(isHold)
    await this.until(() => reached() || waits(), ms)
    if (!reached() && waits()) await this.until(reached, Math.min(HELD_MS, ms))
    return reached() || this.closed
  }

  async until(reached: () => boolean, ms: number): Promise<boolean> {
    const end = Date.now() + ms
    while (!reached() && !this.closed) {
      const left = end - Date.now()
      if (left <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#waiters.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return reached()
  }

  async login(
    parameters: readonly (readonly [string, string])[],
    password: string,
    protocol: number | undefined,
    ms: number,
  ): Promise<{ readonly ok: boolean; readonly reply: Reply }> {
    const mark = this.mark()
    this.write(encoded({ t: 'startup', params: parameters, protocol }))
    let next = mark.messages
    for (;;) {
      const came = await this.until(() => this.messages.length > next, ms)
      const message = this.messages[next++]
      if (!came || message === undefined || message.type === 'E') {
        return { ok: false, reply: this.since(mark, !came && !this.closed) }
      }
      if (message.type === 'Z') return { ok: true, reply: this.since(mark, false) }
      if (message.type === 'R' && message.body.readInt32BE(0) === 3) {
        this.write(encoded({ t: 'Password', text: password }))
      }
    }
  }

  #received(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  #split(): void {
    while (this.#pending.length >= 5) {
      const length = this.#pending.readInt32BE(1)
      if (length < 4 || this.#pending.length < length + 1) return
      const type = String.fromCharCode(this.#pending[0] ?? 0)
      const body = Buffer.from(this.#pending.subarray(5, length + 1))
      this.#pending = this.#pending.subarray(length + 1)
      if (type === 'K' && body.length >= 8) {
        this.processId = body.readInt32BE(0)
        this.secretKey = body.readInt32BE(4)
      }
      this.messages.push({ type, body })
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter()
  }
}

const int16 = (n: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(n & 0xffff)
  return bytes
}

const int32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n | 0)
  return bytes
}

const text = (value: unknown): Buffer =>
  Buffer.concat([
    Buffer.isBuffer(value) ? value : Buffer.from(String(value ?? ''), 'utf8'),
    Buffer.alloc(1),
  ])

const message = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const numbers = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.map(Number) : []

function values(list: unknown): Buffer {
  const all: readonly unknown[] = Array.isArray(list) ? list : []
  const parts = all.map((value) => {
    if (value === null) return int32(-1)
    const bytes =
      typeof value === 'object' && 'hex' in value
        ? Buffer.from(String(value.hex), 'hex')
        : Buffer.from(String(value))
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return Buffer.concat([int16(all.length), ...parts])
}

function formats(list: unknown): Buffer {
  const all = numbers(list)
  return Buffer.concat([int16(all.length), ...all.map(int16)])
}

// One message of a case as bytes; no check of sense is made, on purpose.
export function encoded(m: WireMessage): Buffer {
  if (m.raw !== undefined) return Buffer.from(m.raw.replace(/\s+/g, ''), 'hex')
  const sql = typeof m['sql_hex'] === 'string' ? Buffer.from(m['sql_hex'], 'hex') : m['sql']
  switch (m.t) {
    case 'startup': {
      const pairs = (m['params'] as readonly (readonly [string, string])[]).flatMap(([k, v]) => [
        text(k),
        text(v),
      ])
      const body = Buffer.concat([
        int32(Number(m['protocol'] ?? 196608)),
        ...pairs,
        Buffer.alloc(1),
      ])
      return Buffer.concat([int32(body.length + 4), body])
    }
    case 'ssl':
      return Buffer.concat([int32(8), int32(80877103)])
    case 'gss':
      return Buffer.concat([int32(8), int32(80877104)])
    case 'cancel':
      return Buffer.concat([
        int32(16),
        int32(80877102),
        int32(Number(m['pid'])),
        int32(Number(m['key'])),
      ])
    case 'Query':
      return message('Q', text(sql))
    case 'Parse':
      return message(
        'P',
        text(m['name']),
        text(sql),
        int16(numbers(m['oids']).length),
        ...numbers(m['oids']).map(int32),
      )
    case 'Bind':
      return message(
        'B',
        text(m['portal']),
        text(m['stmt']),
        formats(m['pf']),
        values(m['params']),
        formats(m['rf']),
      )
    case 'Describe':
      return message('D', Buffer.from(String(m['kind'] ?? 'P')), text(m['name']))
    case 'Execute':
      return message('E', text(m['portal']), int32(Number(m['max'] ?? 0)))
    case 'Close':
      return message('C', Buffer.from(String(m['kind'] ?? 'S')), text(m['name']))
    case 'Sync':
      return message('S')
    case 'Flush':
      return message('H')
    case 'FunctionCall':
      return message(
        'F',
        int32(Number(m['oid'])),
        formats(m['af']),
        values(m['args']),
        int16(Number(m['rf'] ?? 0)),
      )
    case 'CopyData':
      return message('d', Buffer.from(String(m['text'] ?? '')))
    case 'CopyDone':
      return message('c')
    case 'CopyFail':
      return message('f', text(m['text']))
    case 'Password':
      return message('p', text(m['text']))
    case 'Terminate':
      return message('X')
    case 'typed':
      return Buffer.concat([
        Buffer.from(String(m['type'])),
        int32(Number(m['len'])),
        Buffer.from(String(m['body'] ?? ''), m['body_enc'] === 'hex' ? 'hex' : 'utf8'),
      ])
    default:
      throw new Error(`the case sends an unknown message ${String(m.t)}`)
  }
}

export function errorFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = body
    .toString('utf8')
    .split('\0')
    .filter((field) => field !== '')
  return new Map(fields.map((field) => [field.charAt(0), field.slice(1)]))
}

export function rowValues(body: Buffer): readonly (Buffer | null)[] {
  const out: (Buffer | null)[] = []
  let at = 2
  for (let n = body.readUInt16BE(0); n > 0; n--) {
    const length = body.readInt32BE(at)
    at += 4
    out.push(length < 0 ? null : body.subarray(at, at + length))
    at += Math.max(length, 0)
  }
  return out
}
