// A bundle in an OCI registry, as OPA and ORAS put it there: a manifest with one layer, the bundle. What comes is
// held against the digests that name it, wherever it was sent from. Registries ask for tokens of their
// own, which are fetched from the same domain alone.
import { createHash } from 'node:crypto'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { received, shown, statusProblem, type Received } from './bounded-request.js'
import { revealed, type Downloaded } from './download.js'

export type OciOptions = {
  // `oci://registry/repository:tag` or `…@sha256:…`; `oci+http://` on loopback.
  readonly url: string
  readonly user: string
  readonly token: (() => string) | undefined
  readonly ca: (() => string) | undefined
}

export type OciReference = {
  readonly origin: string
  readonly repository: string
  readonly reference: string
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')
const MANIFEST_BYTES_MAX = 4 << 20
// Registries hand blobs out of stores elsewhere.
const REDIRECTS = [301, 302, 303, 307, 308]

export function ociReference(url: string): OciReference | undefined {
  const found =
    /^oci(?<plain>\+http)?:\/\/(?<host>[^/@\s]+)\/(?<repository>[a-z0-9]+(?:[._\-/]+[a-z0-9]+)*)(?::(?<tag>[\w][\w.-]{0,127})|@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(
      url,
    )?.groups
  if (found === undefined) return undefined
  const { plain, host = '', repository = '', tag = 'latest', digest } = found
  const origin = `${plain === undefined ? 'https' : 'http'}://${host}`
  return URL.canParse(origin) ? { origin, repository, reference: digest ?? tag } : undefined
}

export type OciRegistry = {
  // `known`: digest of the manifest that was found last. Rejects with a BundleProblem.
  readonly ask: (known: string, signal: AbortSignal) => Promise<Downloaded>
}

export function ociRegistry(options: OciOptions): OciRegistry {
  const { url, ca } = options
  const place = ociReference(url)
  if (place === undefined) throw new BundleProblem('download', `${url} names no OCI artifact`)
  const base = `${place.origin}/v2/${place.repository}`
  let authorization = ''

  const got = async (at: string, accept: string, signal: AbortSignal): Promise<Received> => {
    const asked = (): Promise<Received> => {
      const headers = { accept, ...(authorization === '' ? {} : { authorization }) }
      return received({ url: at, headers, ca, waitMs: 0, signal })
    }
    const first = await asked()
    if (first.status !== 401) return first
    first.leave()
    authorization = await authorized(first.headers['www-authenticate'] ?? '', signal)
    return asked()
  }

  const authorized = async (challenge: string, signal: AbortSignal): Promise<string> => {
    const { user, token } = options
    const basic =
      token === undefined
        ? undefined
        : `Basic ${Buffer.from(`${user}:${revealed(token)}`).toString('base64')}`
    if (/^Basic\b/i.test(challenge) && basic !== undefined) return basic
    const parts = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    )
    const realm = parts.get('realm') ?? ''
    if (!/^Bearer\b/i.test(challenge) || !isOfSameDomain(realm, place.origin)) {
      throw statusProblem(401, base)
    }
    const at = new URL(realm)
    for (const name of ['service', 'scope']) {
      const value = parts.get(name)
      if (value !== undefined) at.searchParams.set(name, value)
    }
    const headers = basic === undefined ? {} : { authorization: basic }
    const answer = await received({ url: at.href, headers, ca, waitMs: 0, signal })
    if (answer.status !== 200) {
      answer.leave()
      throw statusProblem(answer.status, at.href)
    }
    const found = objectIn(await answer.body(), at.href)
    const given = found['token'] ?? found['access_token']
    if (typeof given === 'string' && given !== '') return `Bearer ${given}`
    throw new BundleProblem('download', `${shown(at.href)} gave no token`)
  }

  const whole = async (answer: Received, at: string): Promise<Buffer> => {
    if (answer.status === 200) return answer.body()
    answer.leave()
    throw statusProblem(answer.status, at)
  }

  const blob = async (digest: string, signal: AbortSignal): Promise<Buffer> => {
    const at = `${base}/blobs/${digest}`
    const first = await got(at, '*/*', signal)
    const { location } = first.headers
    let bytes: Buffer
    if (REDIRECTS.includes(first.status) && location !== undefined && URL.canParse(location, at)) {
      first.leave()
      // Without our token; the digest says whether it is the right one.
      const there = new URL(location, at).href
      bytes = await whole(await received({ url: there, headers: {}, ca, waitMs: 0, signal }), there)
    } else bytes = await whole(first, at)
    if (digestOf(bytes) === digest) return bytes
    throw new BundleProblem('download', `${shown(at)} is not what the manifest names`)
  }

  return {
    ask: async (known, signal) => {
      const at = `${base}/manifests/${place.reference}`
      const answer = await got(at, MANIFESTS, signal)
      const text = await whole(answer, at)
      const etag = digestOf(text)
      if (place.reference.startsWith('sha256:') && place.reference !== etag) {
        throw new BundleProblem('download', `${shown(at)} is not the manifest of that digest`)
      }
      if (etag === known) return { kind: 'same', etag }
      const bytes = await blob(layerOf(text, at), signal)
      return { kind: 'bundle', bytes, at: answer.at, etag, longPolling: false }
    },
  }
}

// The one layer that is a bundle.
function layerOf(text: Buffer, at: string): string {
  if (text.length > MANIFEST_BYTES_MAX) {
    throw new BundleProblem('download', `${shown(at)} is too large for a manifest`)
  }
  const { layers } = objectIn(text, at)
  const digests = (Array.isArray(layers) ? layers : []).flatMap((layer: unknown) => {
    if (typeof layer !== 'object' || layer === null) return []
    if (!('mediaType' in layer) || layer.mediaType !== LAYER || !('digest' in layer)) return []
    return typeof layer.digest === 'string' ? [layer.digest] : []
  })
  const [digest] = digests
  if (digests.length === 1 && digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) {
    return digest
  }
  throw new BundleProblem(
    'download',
    `${shown(at)} has ${digests.length} layers of the type ${LAYER}, and one is wanted`,
  )
}

// A registry's tokens come from itself or a neighbour: auth.example.com for registry.example.com.
function isOfSameDomain(realm: string, origin: string): boolean {
  if (!URL.canParse(realm)) return false
  const [one, other] = [new URL(realm), new URL(origin)]
  if (one.origin === other.origin) return true
  const domain = other.hostname.split('.').slice(-2).join('.')
  const isName = /[a-z]/i.test(domain) && domain.includes('.')
  return one.protocol === 'https:' && isName && one.hostname.endsWith(`.${domain}`)
}

function objectIn(bytes: Buffer, at: string): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof found === 'object' && found !== null) return found as Record<string, unknown>
  } catch (cause) {
    throw new BundleProblem('download', `${shown(at)} sent no JSON`, { cause })
  }
  throw new BundleProblem('download', `${shown(at)} sent no JSON object`)
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
