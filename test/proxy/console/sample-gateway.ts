// A server that answers the console from samples, with the built console and the content policy of the real
// one. For pages whose state a real gateway takes long to reach; the stories run against a real one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { REPOSITORY } from '../../peers/gateway-config.js'
import { answerOf } from './sample-routes.js'

export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export type SampleGateway = {
  readonly url: string
  // An event to whoever listens.
  readonly tell: (topic: string, id: string) => void
  // Somebody else answered this request.
  readonly settle: (id: string) => void
  readonly close: () => Promise<void>
}

export async function startSampleGateway(
  options: { readonly port?: number } = {},
): Promise<SampleGateway> {
  const listeners = new Set<ServerResponse>()
  const settled = new Set<string>()
  const tell = (topic: string, id: string): void => {
    for (const one of listeners) one.write(`event: ${topic}\ndata: ${JSON.stringify({ id })}\n\n`)
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
      listeners.add(response)
      request.on('close', () => listeners.delete(response))
    } else if (pathname.startsWith('/api/')) void api(request, response, settled)
    else file(pathname, response)
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell,
    settle: (id) => {
      settled.add(id)
      tell('approval', id)
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function api(
  request: IncomingMessage,
  response: ServerResponse,
  settled: ReadonlySet<string>,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body: unknown =
    chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
  const url = new URL(request.url ?? '/', 'http://localhost')
  const { status, value } = answerOf(request.method ?? 'GET', url, body, settled)
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value))
}

function file(path: string, response: ServerResponse): void {
  const root = join(REPOSITORY, 'build/console')
  const asset = /^\/assets\/[\w.-]+$/.test(path) ? join(root, path) : ''
  const found = asset !== '' && existsSync(asset) ? asset : join(root, 'index.html')
  response
    .writeHead(200, {
      'content-type': TYPES[extname(found)] ?? 'text/html; charset=utf-8',
      'content-security-policy': CONSOLE_POLICY,
    })
    .end(readFileSync(found))
}
