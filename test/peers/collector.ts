// Two ends for telemetry: a server that takes OTLP/HTTP in JSON and answers as it is told, and a real
// OpenTelemetry Collector where one is named by SALLYPORT_OTELCOL (receiver otlp, exporter debug, provider
// file). Holds no test of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './gateway-config.js'

export type Taken = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  // Never answers.
  readonly hang?: boolean
}

export type TestCollector = {
  readonly url: string
  readonly taken: Taken[]
  readonly close: () => Promise<void>
}

export async function startTestCollector(
  answer: (request: number) => Answer = () => ({ status: 200, body: '{}' }),
): Promise<TestCollector> {
  const taken: Taken[] = []
  let requests = 0
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { status, headers = {}, body = '', hang } = answer(requests++)
      if (status === 200) {
        taken.push({
          path: request.url ?? '',
          headers: request.headers,
          body: JSON.parse(Buffer.concat(pieces).toString('utf8')),
        })
      }
      if (hang !== true) response.writeHead(status, headers).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const otelcol = process.env['SALLYPORT_OTELCOL']

export type RealCollector = {
  readonly url: string
  // All that it printed.
  readonly told: () => string
  readonly close: () => Promise<void>
}

export async function startRealCollector(program: string): Promise<RealCollector> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-otelcol-'))
  const port = await freePort()
  const file = join(directory, 'config.yaml')
  writeFileSync(
    file,
    `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [debug] }
    logs: { receivers: [otlp], exporters: [debug] }
`,
  )
  const child = spawn(program, ['--config', `file:${file}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (text += piece.toString()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const until = Date.now() + 30_000
  while (!text.includes('Everything is ready') && Date.now() < until && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  if (!text.includes('Everything is ready')) throw new Error(`the collector did not start: ${text}`)
  return {
    url: `http://127.0.0.1:${port}`,
    told: () => text,
    close: async () => {
      child.kill()
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function until(what: () => boolean, forMs = 30_000): Promise<boolean> {
  const end = Date.now() + forMs
  while (!what()) {
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}
