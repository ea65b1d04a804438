// What happens, as it happens, by server-sent events (HTML Living Standard §9.2): only which thing changed,
// to those who may see it; the reader then asks for it. A reader that does not read is let go, and a stream
// ends with the sign-in or the token that opened it.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { News, NewsItem } from '../gateway-news.js'
import type { Identity } from '../identity/identity.js'
import type { SessionList } from '../session-list.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import { WEB_LIMITS } from './limits.js'
import type { SessionSight } from './session-sight.js'

export type EventsParts = {
  readonly news: News
  readonly access: Access
  readonly list: Pick<SessionList, 'find'>
  readonly sight: SessionSight
  // Whether this request for approval is for the caller's eyes.
  readonly maySeeApproval: (caller: Identity, id: string) => Promise<boolean>
  readonly clock: Clock
  readonly onStream: (change: 'opened' | 'ended' | 'slow' | 'refused') => void
}

type Stream = {
  readonly caller: Identity
  readonly raw: ServerResponse
  readonly end: (how: 'ended' | 'slow') => void
}

export type Streams = { readonly count: () => number; readonly close: () => void }

export function addEvents(app: FastifyInstance, parts: EventsParts, callers: Callers): Streams {
  const streams = new Set<Stream>()
  const perCaller = new Map<string, number>()
  const sees = createSight(parts)
  const send = (stream: Stream, words: string): void => {
    // Of what was written before: a burst alone makes nobody slow.
    if (stream.raw.writableLength > WEB_LIMITS.streamBytes) stream.end('slow')
    else if (words !== '') stream.raw.write(words)
  }
  const deaf = parts.news.hear((items) => {
    const few = inBrief(items)
    for (const stream of [...streams]) void tell(stream, few)
  })
  const beat = setInterval(() => {
    for (const stream of [...streams]) {
      if (stream.caller.standing(parts.clock.now()).valid) send(stream, ': \n\n')
      else stream.end('ended')
    }
  }, WEB_LIMITS.streamBeatMs).unref()

  async function tell(stream: Stream, items: readonly NewsItem[]): Promise<void> {
    const { caller } = stream
    if (!caller.standing(parts.clock.now()).valid) {
      stream.end('ended')
      return
    }
    let words = ''
    for (const item of items) {
      if (await sees(caller, item)) words += eventText(item)
    }
    if (streams.has(stream)) send(stream, words)
  }

  app.get(
    '/api/events',
    {
      schema: {
        summary: 'what changes, as it changes: a stream of server-sent events',
        description:
          'Events are named approval, session, command, policy and health; data is {"id": …} of what ' +
          'changed, and {"id": session, "command": number} for commands.',
        tags: ['events'],
        produces: ['text/event-stream'],
        response: { 200: { type: 'string' } },
      },
    },
    async (request, reply) => {
      const { caller, signIn, release } = await callers.admit(request)
      const own = perCaller.get(caller.key) ?? 0
      if (streams.size >= WEB_LIMITS.streams || own >= WEB_LIMITS.streamsPerCaller) {
        release()
        parts.onStream('refused')
        throw new GatewayError('limit_exceeded', 'too many streams of events are open')
      }
      perCaller.set(caller.key, own + 1)
      reply.hijack()
      const { raw } = reply
      const stopListening = signIn?.onEnd(() => stream.end('ended'))
      const stream: Stream = {
        caller,
        raw,
        end: (how) => {
          if (!streams.delete(stream)) return
          const left = (perCaller.get(caller.key) ?? 1) - 1
          if (left > 0) perCaller.set(caller.key, left)
          else perCaller.delete(caller.key)
          stopListening?.()
          release()
          parts.onStream(how)
          if (how === 'slow') raw.destroy()
          else raw.end()
        },
      }
      streams.add(stream)
      parts.onStream('opened')
      raw.on('close', () => stream.end('ended'))
      raw.on('error', () => stream.end('ended'))
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value)
      }
      raw.setHeader('content-type', 'text/event-stream; charset=utf-8')
      // nginx gathers answers unless told.
      raw.setHeader('x-accel-buffering', 'no')
      raw.writeHead(200)
      send(stream, 'retry: 3000\n\n')
      return reply
    },
  )

  const close = (): void => {
    deaf()
    clearInterval(beat)
    for (const stream of [...streams]) stream.end('ended')
  }
  app.addHook('preClose', async () => close())
  return { count: () => streams.size, close }
}

// Where much of one kind happened at once, only that much did: the reader asks for all of it.
function inBrief(items: readonly NewsItem[]): readonly NewsItem[] {
  const counts = new Map<NewsItem['topic'], number>()
  for (const { topic } of items) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  const isMuch = ({ topic }: NewsItem): boolean => (counts.get(topic) ?? 0) > WEB_LIMITS.streamItems
  const much = [...new Set(items.filter(isMuch).map(({ topic }) => topic))]
  return [...items.filter((item) => !isMuch(item)), ...much.map((topic) => ({ topic, id: '' }))]
}

type Sight = (caller: Identity, item: NewsItem) => boolean | Promise<boolean>
function createSight(parts: EventsParts): Sight {
  const { access, list, sight } = parts
  return (caller, { topic, id }) => {
    switch (topic) {
      case 'session':
      case 'command': {
        const session = list.find(id)
        return id === '' || (session !== undefined && sight(caller, session))
      }
      case 'approval':
        return id === '' || parts.maySeeApproval(caller, id).catch(() => false)
      case 'policy':
        return access.may('see_policies', caller)
      case 'health':
        return access.may('see_health', caller)
    }
  }
}

function eventText({ topic, id, command }: NewsItem): string {
  const data = JSON.stringify(command === undefined ? { id } : { id, command })
  return `event: ${topic}\ndata: ${data}\n\n`
}
