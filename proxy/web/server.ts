// The web listener: health and metrics for machines, the API for approvers' tools, and one page for people.
// Every answer is closed to other origins, every error is a problem document.
import { fastify, type FastifyInstance } from 'fastify'
import type { Socket } from 'node:net'
import type { Answers } from '../approvals/answers.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Verify } from '../identity/identity.js'
import type { Log } from '../log.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { News } from '../gateway-news.js'
import type { SessionList } from '../session-list.js'
import type { AskAccess } from '../gateway-access.js'
import { createAccess } from './access.js'
import { addAccess, type AccessParts } from './access-api.js'
import { addApprovals } from './approvals-api.js'
import { createCallers } from './caller.js'
import { addConsoleFiles, addNoConsole, type ConsoleFiles } from './console-files.js'
import { addEvents, type EventsParts } from './events-api.js'
import { addGateway, type GatewayParts } from './gateway-api.js'
import { addFilm, type FilmParts } from './film-api.js'
import type { RecentCommands } from '../recent-commands.js'
import { addBefore } from './before-api.js'
import { addHealth, type HealthParts } from './health.js'
import { WEB_LIMITS } from './limits.js'
import { whyNotPlain } from './plain-http.js'
import { addPolicy, type PolicyOperations } from './policy-api.js'
import { addRecordings } from './recordings-api.js'
import { addLabels, type LabelsDesk } from './labels-api.js'
import type { KeepersDesk } from '../recordings/keepers-desk.js'
import { problem, problemOf, PROBLEM_TYPE } from './problem.js'
import { addMe, type MeParts } from './me-api.js'
import { addOpenApi } from './openapi.js'
import { createOlderSessions } from './search-sessions.js'
import { addSearch, type SearchParts } from './search-api.js'
import { addSessions, type SessionsParts } from './sessions-api.js'
import { createSessionSight } from './session-sight.js'
import type { TargetOf } from './session-views.js'
import { createSignInDesk, type ConsoleOptions } from './sign-in-desk.js'
import { addTry } from './try-api.js'
import type { Trials } from '../gateway-trial.js'
import { addSlackActions, type SlackActions } from './slack-actions.js'

export type WebOptions = HealthParts & {
  readonly host: string
  readonly port: number
  // PEM texts.
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly verify: Verify
  readonly approvals: Answers & AccessParts['approvals']
  // Absent where access cannot be asked for ahead.
  readonly askAccess?: AskAccess
  // Absent where there is nothing to operate.
  readonly policy?: PolicyOperations
  readonly slack?: SlackActions
  // Absent: nothing is recorded beside the record.
  readonly keepers?: KeepersDesk
  // Absent where no data goes by.
  readonly labels?: LabelsDesk
  readonly sessions: SessionList
  // What live sessions did last.
  readonly recent?: RecentCommands
  readonly endSession: SessionsParts['end']
  // Absent where there is no gateway behind this listener.
  readonly film?: FilmParts['page']
  readonly recordedSession?: FilmParts['recorded']
  readonly targetOf: TargetOf
  readonly news: News
  // What decides who sees what.
  readonly activePolicy: () => Policy | undefined
  readonly mayOperate: MeParts['mayOperate']
  readonly onStream: EventsParts['onStream']
  readonly targets: GatewayParts['targets']
  // Absent, with the two below it, where there is no gateway behind this listener.
  readonly health?: GatewayParts['health']
  readonly trials?: Trials
  // Absent: no index is kept.
  readonly search?: SearchParts
  // Absent: nobody signs in here.
  readonly console?: ConsoleOptions
  // As built; absent where it was not.
  readonly files?: ConsoleFiles
  readonly version: string
  readonly clock: Clock
  readonly log: Log
}

export type Web = {
  readonly host: string
  readonly port: number
  readonly open: () => boolean
  readonly signedIn: () => number
  readonly streams: () => number
  // Method and path of everything that is served.
  readonly routes: readonly string[]
  // Takes nothing new, answers what it took, and is gone.
  readonly close: () => Promise<void>
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
}

export async function startWeb(options: WebOptions): Promise<Web> {
  const app = options.tls === undefined ? plainApp() : tlsApp(options.tls)
  app.removeContentTypeParser('text/plain')
  const { approvals, clock, log, files, slack } = options
  const openApi = addOpenApi(app, options.version)
  const page = options.console === undefined || files === undefined ? undefined : files
  const desk =
    options.console === undefined ? undefined : createSignInDesk(app, options.console, options)
  const pages = page === undefined ? undefined : addConsoleFiles(app, page)
  harden(app, options, pages)
  const callers = createCallers(options.verify, clock, desk?.callers)
  const access = createAccess(options.activePolicy)
  desk?.add(callers)
  addHealth(app, options)
  addMe(app, { access, mayReview: approvals.mayReview, mayOperate: options.mayOperate }, callers)
  addApprovals(app, approvals, callers)
  addAccess(app, { approvals, askAccess: options.askAccess }, callers)
  const about = { access, list: options.sessions, targetOf: options.targetOf }
  const sight = createSessionSight({ ...about, clock })
  const thread = options.search?.thread
  const older = thread === undefined ? {} : { older: createOlderSessions({ thread, sight }) }
  addSessions(app, { ...about, ...older, sight, end: options.endSession }, callers)
  const { recent } = options
  if (recent !== undefined) addBefore(app, { ...about, approvals, recent }, callers)
  if (options.film !== undefined) {
    const recorded = options.recordedSession ?? (() => Promise.resolve(undefined))
    addFilm(app, { ...about, page: options.film, recorded }, callers)
  }
  const streams = addEvents(
    app,
    {
      ...about,
      sight,
      news: options.news,
      maySeeApproval: async (caller, id) => (await approvals.one(caller, id)) !== undefined,
      clock,
      onStream: options.onStream,
    },
    callers,
  )
  if (options.search !== undefined) addSearch(app, options.search, access, callers)
  const { policy: operations, health, trials, targets, readiness } = options
  if (options.keepers !== undefined) addRecordings(app, { desk: options.keepers, access }, callers)
  if (operations !== undefined) addPolicy(app, { operations, access }, callers)
  if (trials !== undefined) addTry(app, { trials, access }, callers)
  if (health !== undefined) {
    const signedIn = (): number => desk?.count() ?? 0
    const parts = { access, targets, health, readiness, signedIn, streams: streams.count }
    addGateway(app, parts, callers)
  }
  const { labels, mayOperate } = options
  if (labels !== undefined) addLabels(app, { desk: labels, access, mayOperate }, callers)
  if (slack !== undefined) addSlackActions(app, slack, { answers: approvals, clock, log })
  if (pages === undefined) addNoConsole(app, options.console !== undefined)
  openApi.add()
  await listening(app, options)
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    host: options.host,
    port,
    open: () => app.server.listening,
    signedIn: () => desk?.count() ?? 0,
    streams: streams.count,
    routes: openApi.served(),
    close: () => closed(app),
  }
}

const APP_OPTIONS = {
  logger: false,
  bodyLimit: WEB_LIMITS.bodyBytes,
  requestTimeout: WEB_LIMITS.requestMs,
  keepAliveTimeout: WEB_LIMITS.keepAliveMs,
  forceCloseConnections: 'idle',
  exposeHeadRoutes: false,
  trustProxy: false,
  // What is sent is taken as it is or refused, never adapted.
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  clientErrorHandler: unreadable,
} as const

const SERVER_OPTIONS = {
  maxHeaderSize: WEB_LIMITS.headerBytes,
  headersTimeout: WEB_LIMITS.headersMs,
  // Refused by `plain-http.ts`, which needs to know.
  requireHostHeader: false,
} as const

function plainApp(): FastifyInstance {
  return fastify({ ...APP_OPTIONS, http: SERVER_OPTIONS })
}

function tlsApp(tls: NonNullable<WebOptions['tls']>): FastifyInstance {
  const { certificate: cert, key } = tls
  const https = { ...SERVER_OPTIONS, cert, key, minVersion: 'TLSv1.2' } as const
  return fastify({ ...APP_OPTIONS, https }) as unknown as FastifyInstance
}

function harden(
  app: FastifyInstance,
  { log, tls }: WebOptions,
  pages: ReturnType<typeof addConsoleFiles> | undefined,
): void {
  app.server.maxConnections = WEB_LIMITS.connections
  // Otherwise Node drops the headers beyond 2,000 without a word.
  app.server.maxHeadersCount = 0
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    if (tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000')
    const why = whyNotPlain(request.raw)
    if (why === undefined) return
    const refusal = problem(400, 'request', why)
    return reply.code(400).header('connection', 'close').type(PROBLEM_TYPE).send(refusal)
  })
  app.setErrorHandler((error, _request, reply) => {
    const answer = problemOf(error)
    if (answer.status >= 500) log.error({ err: error }, 'a web request failed')
    if (answer.status === 401) reply.header('www-authenticate', 'Bearer error="invalid_token"')
    if (answer.code === 'step_up_required') {
      // RFC 9470 §3.
      reply.header('www-authenticate', 'Bearer error="insufficient_user_authentication"')
    }
    if (answer.status === 429) reply.header('retry-after', '60')
    return reply.code(answer.status).type(PROBLEM_TYPE).send(answer)
  })
  app.setNotFoundHandler((request, reply) =>
    pages?.isPage(request) === true
      ? pages.send(reply)
      : reply
          .code(404)
          .headers(SECURITY_HEADERS)
          .type(PROBLEM_TYPE)
          .send(problem(404, 'not_found', 'there is nothing here')),
  )
}

// Bytes that are no HTTP request: one answer, then the end.
function unreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const body = JSON.stringify(problem(status, 'request', 'this is no request that can be read'))
  socket.end(
    `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n` +
      `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}

async function listening(app: FastifyInstance, { host, port }: WebOptions): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    throw new GatewayError('port_taken', `the web listener cannot listen on ${host}:${port}`, {
      cause,
    })
  }
}

async function closed(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), WEB_LIMITS.drainMs)
  timer.unref()
  await app.close()
  clearTimeout(timer)
}
