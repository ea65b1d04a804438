// A Slack on loopback that speaks the published form of its Web API and of what it sends: methods with a
// bot token, answers with `ok`, Block Kit that is looked at closely, clicks and submissions that are signed.
import { createHmac } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { Test } from 'tap'

export const TOKEN = 'xoxb-SECRET-OF-THE-BOT'
export const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'

type Json = Readonly<Record<string, unknown>>
export type Call = { readonly method: string; readonly body: Json }
export type Signed = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

// True where it answered in place of Slack itself.
export type Interference = (call: Call, response: ServerResponse, count: number) => boolean

export async function slackPeer(t: Test, interfere: Interference = () => false) {
  const calls: Call[] = []
  const posted = new Set<string>()
  const triggers = new Set<string>()
  const answerTo = ({ method, body }: Call): Json => {
    const problem = formProblem(method, body)
    if (problem !== undefined) return { ok: false, error: 'invalid_blocks', detail: problem }
    const { channel, ts, trigger_id: trigger } = body
    switch (method) {
      case 'chat.postMessage': {
        const made = `1700000000.${String(posted.size + 1).padStart(6, '0')}`
        posted.add(`${String(channel)} ${made}`)
        return { ok: true, channel, ts: made, message: {} }
      }
      case 'chat.update':
        if (!posted.has(`${String(channel)} ${String(ts)}`)) return no('message_not_found')
        return { ok: true, channel, ts, text: '' }
      case 'chat.postEphemeral':
        return { ok: true, message_ts: '1.1' }
      case 'views.open':
        return triggers.delete(String(trigger)) ? { ok: true, view: {} } : no('invalid_trigger_id')
      default:
        return no('unknown_method')
    }
  }
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (more: string) => (text += more))
    request.on('end', () => {
      const body = JSON.parse(text) as Json
      const call = { method: (request.url ?? '').replace('/api/', ''), body }
      calls.push(call)
      if (interfere(call, response, calls.length)) return
      const known = request.headers.authorization === `Bearer ${TOKEN}`
      const typed = request.headers['content-type'] === 'application/json; charset=utf-8'
      const answer = !known ? no('invalid_auth') : typed ? answerTo(call) : no('invalid_post_type')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  let clicks = 0
  return {
    calls,
    apiUrl: `http://127.0.0.1:${port}/api`,
    // As docs.slack.dev/reference/interaction-payloads/block_actions-payload shows one.
    click(user: string, verb: string, id: string): Signed {
      const trigger = `123.456.${clicks++}`
      triggers.add(trigger)
      return signed({
        type: 'block_actions',
        user: { id: user, username: 'somebody', team_id: 'T1' },
        api_app_id: 'A1',
        token: 'old-and-unused',
        container: { type: 'message', message_ts: '1700000000.000001', channel_id: 'C123' },
        trigger_id: trigger,
        team: { id: 'T1', domain: 'example' },
        channel: { id: 'C123', name: 'approvals' },
        message: { type: 'message', text: 'Approval wanted', blocks: [] },
        state: { values: {} },
        response_url: 'https://hooks.slack.com/actions/T1/1/x',
        actions: [
          { action_id: verb, block_id: 'sallyport', value: id, type: 'button', action_ts: '1.1' },
        ],
      })
    },
    submit(user: string, verb: string, id: string, reason: string | null): Signed {
      return signed({
        type: 'view_submission',
        team: { id: 'T1', domain: 'example' },
        user: { id: user, name: 'somebody', team_id: 'T1' },
        view: {
          id: 'V1',
          type: 'modal',
          callback_id: verb,
          private_metadata: id,
          state: { values: { reason: { reason: { type: 'plain_text_input', value: reason } } } },
        },
      })
    },
  }
}

export function signed(
  payload: unknown,
  { secret = SIGNING_SECRET, ageMs = 0 }: { secret?: string; ageMs?: number } = {},
): Signed {
  return signedForm(`payload=${encodeURIComponent(JSON.stringify(payload))}`, { secret, ageMs })
}

export function signedForm(
  body: string,
  { secret = SIGNING_SECRET, ageMs = 0 }: { secret?: string; ageMs?: number } = {},
): Signed {
  const timestamp = Math.floor((Date.now() - ageMs) / 1000).toString()
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${mac}`,
    },
    body,
  }
}

function no(error: string): Json {
  return { ok: false, error }
}

// What is published about the blocks that are used here: their keys, and how long their texts may be.
const FORMS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  header: { text: plain(150) },
  rich_text: { elements: each('rich_text_section', 'rich_text_preformatted') },
  rich_text_section: { elements: each('text') },
  rich_text_preformatted: { elements: each('text') },
  text: { text: words(4_000), style: (value) => JSON.stringify(value) === '{"bold":true}' },
  actions: { block_id: words(255), elements: each('button') },
  button: {
    action_id: words(255),
    text: plain(75),
    value: words(2_000),
    url: (value) => URL.canParse(String(value)),
    style: (value) => value === 'primary' || value === 'danger',
    confirm: (value) =>
      isObject(value) &&
      plain(100)(value['title']) &&
      plain(300)(value['text']) &&
      plain(30)(value['confirm']) &&
      plain(30)(value['deny']),
  },
  modal: {
    callback_id: words(255),
    private_metadata: words(3_000),
    title: plain(24),
    submit: plain(24),
    close: plain(24),
    blocks: each('input'),
  },
  input: {
    block_id: words(255),
    optional: (value) => typeof value === 'boolean',
    label: plain(2_000),
    element: (value) => each('plain_text_input')([value]),
  },
  plain_text_input: { action_id: words(255), max_length: (value) => Number(value) <= 3_000 },
}

type Form = (value: unknown) => boolean

function formProblem(method: string, body: Json): string | undefined {
  if (method === 'views.open') return each('modal')([body['view']]) ? undefined : 'view'
  if (!words(4_000)(body['text'])) return 'text'
  const { blocks } = body
  if (!Array.isArray(blocks) || blocks.length > 50) return 'blocks'
  // Not published, but met: msg_blocks_too_long somewhat above 13,000 characters.
  if (JSON.stringify(blocks).length > 13_000) return 'blocks'
  return each('header', 'rich_text', 'actions')(blocks) ? undefined : 'blocks'
}

function each(...kinds: readonly string[]): Form {
  return (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one: unknown) => {
      if (!isObject(one)) return false
      const { type, ...members } = one
      const form = kinds.includes(String(type)) ? FORMS[String(type)] : undefined
      return (
        form !== undefined &&
        Object.entries(members).every(([name, member]) => form[name]?.(member) === true)
      )
    })
}

function words(most: number): Form {
  return (value) => typeof value === 'string' && value !== '' && value.length <= most
}

function plain(most: number): Form {
  return (value) => isObject(value) && value['type'] === 'plain_text' && words(most)(value['text'])
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}
