// Checkpoints posted to a server: the note itself as the body, signed as Standard Webhooks 1.0 say where
// there is a secret. The id is that of the note, so that one that arrives twice is known as the same.
import { createHash, createHmac } from 'node:crypto'
import type { Clock } from '../../clock.js'
import type { Destination } from './destination.js'

export type HttpSettings = {
  readonly url: string
  readonly secret: { readonly reveal: () => string } | undefined
  readonly everyMs: number
}

export function toHttp({ url, secret, everyMs }: HttpSettings, clock: Clock): Destination {
  return {
    name: new URL(url).host,
    everyMs,
    async send(note, signal) {
      const id = `checkpoint-${createHash('sha256').update(note).digest('hex').slice(0, 32)}`
      const timestamp = String(Math.floor(clock.now() / 1000))
      const signed =
        secret === undefined
          ? {}
          : { 'webhook-signature': signature(secret.reveal(), `${id}.${timestamp}.${note}`) }
      const response = await fetch(url, {
        method: 'POST',
        body: note,
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'idempotency-key': id,
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          ...signed,
        },
        redirect: 'error',
        signal,
      })
      await response.body?.cancel()
      // 409: it has it already.
      if (!response.ok && response.status !== 409) throw new Error(`it answered ${response.status}`)
    },
  }
}

function signature(secret: string, text: string): string {
  const prefix = 'whsec_'
  const bytes = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret)
  return `v1,${createHmac('sha256', bytes).update(text).digest('base64')}`
}
