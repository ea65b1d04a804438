// An OCI registry as far as pulling an artifact goes: HTTPS, a token service, manifests, and blobs handed out
// from a store elsewhere. What it does wrong is asked of it by the test.
import { createHash } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfMadeCertificate } from './certificate.js'

export type Registry = {
  readonly host: string
  readonly certificate: string
  readonly user: string
  readonly password: string
  readonly push: (tag: string, bundle: Uint8Array) => string
  readonly misbehave: (how: 'other-blob' | 'two-layers' | 'strange-realm' | undefined) => void
  // Method and path of each request, and whether a token came with it.
  readonly asked: () => readonly string[]
  readonly close: () => Promise<void>
}

export async function startRegistry(
  options: { readonly anonymous?: boolean } = {},
): Promise<Registry> {
  const { certificate, key } = selfMadeCertificate()
  const [user, password, token] = ['robot', 'a-password', 'a-token']
  const blobs = new Map<string, Buffer>()
  const tags = new Map<string, string>()
  const asked: string[] = []
  let how: Parameters<Registry['misbehave']>[0]
  const kept = (bytes: Buffer): { readonly digest: string; readonly size: number } => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    blobs.set(digest, bytes)
    return { digest, size: bytes.length }
  }

  const server = createServer({ cert: certificate, key }, (request, response) => {
    const url = new URL(request.url ?? '/', `https://${request.headers.host ?? ''}`)
    const { authorization = '' } = request.headers
    const sort = authorization === '' ? 'nothing' : (authorization.split(' ')[0] ?? '')
    asked.push(`${request.method ?? ''} ${url.pathname.replace(/[0-9a-f]{64}/, '…')} ${sort}`)
    if (url.pathname === '/token') {
      const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
      const isKnown = options.anonymous === true || authorization === wanted
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify(isKnown ? { token } : {}))
    }
    const stored = /^\/store\/(sha256:\S+)$/.exec(url.pathname)?.[1]
    if (stored !== undefined) return void response.end(blobs.get(stored))
    if (authorization !== `Bearer ${token}`) {
      const realm =
        how === 'strange-realm' ? 'https://elsewhere.example/token' : `${url.origin}/token`
      response.writeHead(401, {
        'www-authenticate': `Bearer realm="${realm}",service="test",scope="repository:org/policies:pull"`,
      })
      return void response.end()
    }
    const [, kind, name = ''] =
      /^\/v2\/org\/policies\/(manifests|blobs)\/(.+)$/.exec(url.pathname) ?? []
    const digest = tags.get(name) ?? name
    const bytes = blobs.get(digest)
    if (bytes === undefined) return void response.writeHead(404).end()
    if (kind === 'blobs') {
      const other = [...blobs.keys()].find((one) => one !== digest) ?? ''
      const location = `/store/${how === 'other-blob' ? other : digest}`
      return void response.writeHead(307, { location }).end()
    }
    response.writeHead(200, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'docker-content-digest': digest,
      'content-length': bytes.length,
    })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `localhost:${port}`,
    certificate,
    user,
    password,
    push: (tag, bundle) => {
      const layer = {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        ...kept(Buffer.from(bundle)),
        annotations: { 'org.opencontainers.image.title': 'bundle.tar.gz' },
      }
      const config = {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        ...kept(Buffer.from('{}')),
      }
      const layers = how === 'two-layers' ? [layer, layer] : [layer]
      const mediaType = 'application/vnd.oci.image.manifest.v1+json'
      const manifest = { schemaVersion: 2, mediaType, config, layers }
      const { digest } = kept(Buffer.from(JSON.stringify(manifest)))
      tags.set(tag, digest)
      return digest
    },
    misbehave: (next) => (how = next),
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
