// A bundle server as OPA's documentation describes one: HTTPS, a bearer token, ETag, long polling. What it
// does wrong is asked of it by the test.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { selfMadeCertificate } from './certificate.js'

export type Asked = {
  readonly prefer: string
  readonly etag: string
  readonly status: number
}

export type BundleServer = {
  readonly url: string
  readonly port: number
  // PEM: what to trust.
  readonly certificate: string
  readonly token: string
  // What it serves from now on; those who wait are answered at once.
  readonly serve: (bytes: Uint8Array) => void
  // How the next answers go wrong; undefined: not at all.
  readonly misbehave: (how: Misbehaviour | undefined) => void
  readonly asked: () => readonly Asked[]
  readonly waiting: () => number
  readonly close: () => Promise<void>
}

export type Misbehaviour =
  | 'cut' // half of the body, then the end of the connection
  | 'redirect'
  | 'error'
  | 'gone'
  | 'endless' // bytes without end
  | 'silent' // takes the request and says nothing
  | 'cut-waits' // ends the connection on which it should wait
  | 'packed' // Content-Encoding: gzip around it
  | 'mislabelled' // Content-Encoding: gzip, though nothing is around it
  | 'no-etag'

export type BundleServerOptions = { readonly longPolling?: boolean; readonly port?: number }

export async function startBundleServer(options: BundleServerOptions = {}): Promise<BundleServer> {
  const { certificate, key } = selfMadeCertificate()
  const token = 'a-token-of-the-test'
  const asked: Asked[] = []
  const waiting = new Set<() => void>()
  let bytes: Uint8Array = Buffer.alloc(0)
  let how: Misbehaviour | undefined

  const answered = (request: IncomingMessage, response: ServerResponse): void => {
    const { authorization, prefer = '', 'if-none-match': etag = '' } = request.headers
    const note = (status: number): void => void asked.push({ prefer: String(prefer), etag, status })
    const plain = (status: number): void => {
      note(status)
      response.writeHead(status).end()
    }
    if (authorization !== `Bearer ${token}`) return plain(401)
    switch (how) {
      case 'error':
        return plain(500)
      case 'gone':
        return plain(404)
      case 'silent':
        return note(0)
      case 'redirect':
        note(302)
        return void response.writeHead(302, { location: 'https://elsewhere.example/' }).end()
      case 'endless':
        note(200)
        response.writeHead(200)
        return endless(response)
      default:
    }
    const known = `"${createHash('sha256').update(bytes).digest('hex')}"`
    const wait = Number(/wait=(\d+)/.exec(String(prefer))?.[1] ?? '0')
    if (how === 'cut-waits' && wait > 0) {
      note(0)
      return void setTimeout(() => response.destroy(), 300)
    }
    if (etag === known && options.longPolling === true && wait > 0) {
      return later(
        wait,
        () => answered(request, response),
        () => plain(304),
      )
    }
    if (etag === known) {
      response.setHeader('etag', known)
      return plain(304)
    }
    note(200)
    sent(response, known)
  }

  const sent = (response: ServerResponse, etag: string): void => {
    response.setHeader(
      'content-type',
      options.longPolling === true ? 'application/vnd.openpolicyagent.bundles' : 'application/gzip',
    )
    if (how !== 'no-etag') response.setHeader('etag', etag)
    if (how === 'packed' || how === 'mislabelled') response.setHeader('content-encoding', 'gzip')
    const body = how === 'packed' ? gzipSync(bytes) : Buffer.from(bytes)
    response.setHeader('content-length', body.length)
    if (how !== 'cut') return void response.end(body)
    response.write(body.subarray(0, body.length / 2), () => response.destroy())
  }

  const later = (seconds: number, news: () => void, none: () => void): void => {
    const timer = setTimeout(() => {
      waiting.delete(wake)
      none()
    }, seconds * 1000)
    const wake = (): void => {
      clearTimeout(timer)
      news()
    }
    waiting.add(wake)
  }

  const server = createServer({ cert: certificate, key }, answered)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}/policies/bundle.tar.gz`,
    port,
    certificate,
    token,
    serve: (next) => {
      bytes = next
      for (const wake of [...waiting]) {
        waiting.delete(wake)
        wake()
      }
    },
    misbehave: (next) => (how = next),
    asked: () => asked,
    waiting: () => waiting.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(1 << 20)
  const more = (): void => {
    if (response.destroyed) return
    if (response.write(chunk)) setImmediate(more)
    else response.once('drain', more)
  }
  more()
}
