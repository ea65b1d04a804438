// The console as browsers load it: one page for all addresses that people may open, and its script and
// style under names that change with what they hold. All of it is in memory from the start, and the page
// lets run nothing but those files.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export type ConsoleFiles = {
  readonly page: string
  readonly assets: ReadonlyMap<string, { readonly bytes: Buffer; readonly type: string }>
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  // Forms are answered by the script.
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

// Throws where the console was not built.
export function readConsole(directory: string): ConsoleFiles {
  const page = readFileSync(join(directory, 'index.html'), 'utf8')
  const names = readdirSync(join(directory, 'assets'))
  const assets = names.map((name) => {
    const type = MEDIA_TYPES[extname(name)] ?? 'application/octet-stream'
    return [name, { bytes: readFileSync(join(directory, 'assets', name)), type }] as const
  })
  return { page, assets: new Map(assets) }
}

const HASHED = /-[A-Za-z0-9]{8,}\.[a-z0-9]+$/

export function addConsoleFiles(
  app: FastifyInstance,
  { page, assets }: ConsoleFiles,
): { readonly isPage: (request: FastifyRequest) => boolean; readonly send: Send } {
  for (const [name, { bytes, type }] of assets) {
    const age = HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'public, max-age=3600'
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (_request, reply) =>
      reply.header('cache-control', age).type(type).send(bytes),
    )
  }
  const send: Send = (reply) =>
    reply
      .code(200)
      .header('content-security-policy', CONSOLE_POLICY)
      .type('text/html; charset=utf-8')
      .send(page)
  app.get('/', { schema: { hide: true } }, async (_request, reply) => send(reply))
  return { isPage, send }
}

// Where there is no console, or it was not built, this address says what there is.
export function addNoConsole(app: FastifyInstance, isWanted: boolean): void {
  const why = isWanted
    ? 'The console was not built: run “npm run build” where the gateway was installed.'
    : 'The console is off. It is switched on by listeners.web.console in the configuration.'
  const words = `Sallyport\n\n${why}\nThe command line does the same: sallyport --help\n`
  app.get('/', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(words),
  )
}

type Send = (reply: FastifyReply) => FastifyReply

// Whether a person opened an address that only the page knows what to do with.
function isPage({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' || /^\/(api|auth|assets|slack)(\/|$|\?)/.test(url)) return false
  return (headers.accept ?? '').includes('text/html')
}
