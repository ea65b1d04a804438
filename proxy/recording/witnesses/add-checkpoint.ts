// What is said to a witness and what it answers (C2SP tlog-witness, "add-checkpoint"): the size it saw last,
// the proof that the record grew from there, the checkpoint; then its cosignature, or why not.
import { GatewayError } from '../../errors.js'
import { readNote } from '../signed-note.js'
import type { SignedNote } from '../signed-note.js'
import type { Cosigner } from '../cosignature.js'

// C2SP tlog-witness: no more lines of proof than this.
const PROOF_LINES_MAX = 63
const ANSWER_BYTES_MAX = 64 << 10
const TIMEOUT_MS = 10_000

export type Answer =
  | { readonly kind: 'cosigned'; readonly line: string; readonly time: number }
  // It last saw the record at another size than it was told.
  | { readonly kind: 'size'; readonly size: number }
  // It saw this record otherwise: same size and another root, or no extension of what it saw.
  | { readonly kind: 'conflict'; readonly what: string }
  | { readonly kind: 'refused'; readonly what: string }

export type Ask = (url: string, body: string) => Promise<Answered>
export type Answered = { readonly status: number; readonly type: string; readonly body: string }

export function addCheckpointBody(old: number, path: readonly Buffer[], note: string): string {
  if (path.length > PROOF_LINES_MAX) {
    throw new GatewayError('record_failed', `a proof of ${path.length} lines is too long`)
  }
  return `old ${old}\n${path.map((node) => `${node.toString('base64')}\n`).join('')}\n${note}`
}

export function answerOf(answered: Answered, old: number, note: string, by: Cosigner): Answer {
  const { status, body } = answered
  const said = `${status} ${body
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 200)
    .trim()}`
  if (status === 200) return cosigned(body, note, by)
  if (status === 409 && answered.type.startsWith('text/x.tlog.size')) {
    const [, size] = /^(0|[1-9]\d{0,15})\n$/.exec(body) ?? []
    if (size !== undefined && Number(size) !== old) return { kind: 'size', size: Number(size) }
    return { kind: 'conflict', what: `it saw another record of ${old} lines` }
  }
  if (status === 409) return { kind: 'conflict', what: said }
  if (status === 422) return { kind: 'conflict', what: `the record is no extension of what it saw` }
  if (status === 404) return { kind: 'refused', what: 'it does not know this record (404)' }
  if (status === 403) return { kind: 'refused', what: 'it does not trust the record’s key (403)' }
  return { kind: 'refused', what: said }
}

function cosigned(body: string, note: string, by: Cosigner): Answer {
  const lines = body.match(/^— \S+ [A-Za-z0-9+/=]+$/gm) ?? []
  for (const line of lines) {
    const whole = readNote(`${note}${line}\n`)
    const time = whole === undefined ? undefined : by.saw(alone(whole))
    if (time !== undefined) return { kind: 'cosigned', line, time }
  }
  return { kind: 'refused', what: `its answer is not signed by ${by.name}` }
}

// Only the last signature, which is the one that was added.
function alone(note: SignedNote): SignedNote {
  return { ...note, signatures: note.signatures.slice(-1) }
}

export const askByHttp: Ask = async (url, body) => {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, body: await boundedText(response) }
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
