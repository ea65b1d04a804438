// `sallyport gateway events`: follows what changes in a running gateway, one line each, until it ends or is
// interrupted.
import { GatewayError } from '../../errors.js'
import { printable } from '../approvals-client.js'
import type { Io } from '../io.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'

export const help = `sallyport gateway events   what changes, as it changes: topic and id, one line each

  --count N         end after so many
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io, { count: { type: 'string' } })
  const wanted = given.text('count') ?? 'Infinity'
  if (!/^([1-9]\d{0,8}|Infinity)$/.test(wanted)) {
    throw new GatewayError('usage', '--count is a number from 1')
  }
  const { url, token } = given.remote
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const response = await fetch(`${url}/api/events`, { headers, redirect: 'error' }).catch(
    (cause: unknown) => {
      throw new GatewayError('not_found', `no gateway answers at ${url}`, { cause })
    },
  )
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new GatewayError('not_allowed', `the gateway answered with status ${response.status}`)
  }
  let left = Number(wanted)
  for await (const { topic, data } of eventsOf(response.body)) {
    given.print(
      { topic, ...data },
      () => `${[topic, ...Object.values(data)].map(plain).join('  ')}\n`,
    )
    left -= 1
    if (left <= 0) break
  }
  return 0
}

function plain(value: unknown): string {
  return printable(String(value)).replaceAll('\n', ' ')
}

// HTML Living Standard §9.2.6, as far as this gateway uses it. What is longer than a line of ours is none.
const LINE_MAX = 65_536

export async function* eventsOf(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly topic: string; readonly data: Readonly<Record<string, unknown>> }> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of body) {
    text += decoder.decode(part, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    if (text.length > LINE_MAX)
      throw new GatewayError('limit_exceeded', 'this is no stream of ours')
    for (const block of blocks) {
      const topic = /^event: ([a-z]+)$/m.exec(block)?.[1]
      const data = /^data: (\{.*\})$/m.exec(block)?.[1]
      if (topic !== undefined && data !== undefined) yield { topic, data: parsed(data) }
    }
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
