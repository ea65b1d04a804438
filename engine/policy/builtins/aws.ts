// `providers.aws.sign_req`: AWS Signature Version 4 of a request, at a time that the policy names.
import { createHash, createHmac } from 'node:crypto'
import { isNumber, type RegoObject, type RegoValue } from '../rego-value.js'
import { memberAt, NoAnswer, objectOf, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { asJson, jsonText } from './json.js'
import { escapedPath, parsedUrl } from './url.js'

export const AWS: readonly BuiltinEntry[] = [
  ['providers.aws.sign_req', { apply: signed, cost: perCharacter(200, 100_000) }],
]

// As http.send's.
const ALLOWED = new Set([
  ...['method', 'url', 'body', 'enable_redirect', 'force_json_decode', 'force_yaml_decode'],
  ...['headers', 'raw_body', 'tls_use_system_certs', 'tls_ca_cert', 'tls_ca_cert_file'],
  ...['tls_ca_cert_env_variable', 'tls_client_cert', 'tls_client_cert_file'],
  ...['tls_client_cert_env_variable', 'tls_client_key', 'tls_client_key_file'],
  ...['tls_client_key_env_variable', 'tls_insecure_skip_verify', 'tls_server_name', 'timeout'],
  ...['cache', 'force_cache', 'force_cache_duration_seconds', 'raise_error', 'caching_mode'],
  ...['max_retry_attempts', 'cache_ignored_headers'],
])
const UNSIGNED = new Set(['authorization', 'user-agent', 'x-amzn-trace-id'])

function signed(
  request: RegoValue = null,
  config: RegoValue = null,
  time: RegoValue = null,
): RegoValue {
  const [req, aws] = [objectOf(request), objectOf(config)]
  const text = (name: string): string => textOf(memberAt(aws, name))
  const [service, region] = [text('aws_service'), text('aws_region')]
  const [access, secret] = [text('aws_access_key'), text('aws_secret_access_key')]
  if (req.object.some(([key]) => !ALLOWED.has(String(key)))) throw new NoAnswer('no request')
  const method = textOf(memberAt(req, 'method'))
  const url = parsedUrl(Buffer.from(textOf(memberAt(req, 'url'))).toString('latin1'))
  const headers = headersOf(memberAt(req, 'headers'))
  const stamp = stampOf(time)
  const payload = payloadHash(req, memberAt(aws, 'disable_payload_signing'))
  const token = memberAt(aws, 'aws_session_token')
  const own: [string, string][] = [
    ['host', url.host],
    ['x-amz-date', stamp],
    ...(service === 's3' || service === 'glacier'
      ? ([['x-amz-content-sha256', payload]] as [string, string][])
      : []),
    ...(typeof token === 'string' && token !== ''
      ? ([['x-amz-security-token', token]] as [string, string][])
      : []),
  ]
  const toSign = new Map(own)
  for (const [name, value] of headers) {
    if (!UNSIGNED.has(name.toLowerCase())) toSign.set(name.toLowerCase(), value)
  }
  const names = [...toSign.keys()].sort()
  const canonical = [
    method,
    escapedPath(url),
    url.query,
    ...names.map((name) => `${name}:${toSign.get(name) ?? ''}`),
    '',
    names.join(';'),
    payload,
  ].join('\n')
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`
  const wanted = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`
  const signature = mac(signingKey(secret, scope), wanted).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`
  const all = new Map([...headers, ['Authorization', authorization], ...own])
  return {
    object: [...req.object.filter(([key]) => key !== 'headers'), ['headers', { object: [...all] }]],
  }
}

// What is no text counts as an empty one.
function headersOf(value: RegoValue | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map()
  const found = objectOf(value)
  return new Map(
    found.object.map(([key, inner]) => [
      typeof key === 'string' ? key : '',
      typeof inner === 'string' ? inner : '',
    ]),
  )
}

// `20060102T150405Z`.
function stampOf(time: RegoValue): string {
  if (!isNumber(time) || !/^-?\d+$/.test(time.number)) throw new NoAnswer('no time')
  const ns = BigInt(time.number)
  if (BigInt.asIntN(64, ns) !== ns) throw new NoAnswer('no time')
  const seconds = (ns - (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000n
  return `${new Date(Number(seconds)).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function payloadHash(request: RegoObject, disabled: RegoValue | undefined): string {
  if (disabled !== undefined && typeof disabled !== 'boolean') throw new NoAnswer('no boolean')
  if (disabled === true) return 'UNSIGNED-PAYLOAD'
  const [raw, body] = [memberAt(request, 'raw_body'), memberAt(request, 'body')]
  if (raw !== undefined) return sha256(typeof raw === 'string' ? raw : '')
  return sha256(body === undefined ? '' : jsonText(asJson(body)))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function signingKey(secret: string, scope: string): Buffer {
  return scope
    .split('/')
    .reduce<Buffer>((key, part) => mac(key, part), Buffer.from(`AWS4${secret}`))
}
