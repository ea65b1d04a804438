// Certificates, requests and keys are read as in OPA, field by field.
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { disagreements } from './agreement.js'

const read = (name: string): string => readFileSync(`fixtures/certificates/${name}`, 'utf8')

t.test('certificates and requests are read as in OPA', async (t) => {
  const [full, curve, edwards] = [read('full.pem'), read('p256.pem'), read('ed25519.pem')]
  const request = read('request.pem')
  const bare = (pem: string): string => pem.replace(/-----.*-----|\s/g, '')
  const input = {
    certificates: [
      full,
      curve,
      edwards,
      `${full}${curve}`,
      bare(full),
      Buffer.from(curve).toString('base64'),
      `${full}${request}`,
      full.replace('MII', 'MIJ'),
      bare(full).slice(0, -8),
      '',
      'nonsense',
    ],
    requests: [request, bare(request), Buffer.from(request).toString('base64'), full, 'x'],
  }
  const calls = [
    ...input.certificates.map(
      (_, at) => `crypto.x509.parse_certificates(input.certificates[${at}])`,
    ),
    ...input.requests.map(
      (_, at) => `crypto.x509.parse_certificate_request(input.requests[${at}])`,
    ),
  ]
  t.same(await disagreements(calls, input), [])
})

t.test('private keys are read as in OPA', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const edwards = generateKeyPairSync('ed25519').privateKey
  const pems = [
    rsa.export({ format: 'pem', type: 'pkcs1' }),
    rsa.export({ format: 'pem', type: 'pkcs8' }),
    curve.export({ format: 'pem', type: 'sec1' }),
    curve.export({ format: 'pem', type: 'pkcs8' }),
    edwards.export({ format: 'pem', type: 'pkcs8' }),
  ].map(String)
  const keys = [
    ...pems,
    pems.join(''),
    Buffer.from(pems[0] ?? '').toString('base64'),
    '',
    'x',
    'abcd',
  ]
  const calls = keys.flatMap((_, at) => [
    `crypto.parse_private_keys(input.keys[${at}])`,
    `crypto.x509.parse_rsa_private_key(input.keys[${at}])`,
    `crypto.x509.parse_keypair(input.certificate, input.keys[${at}])`,
  ])
  t.same(await disagreements(calls, { keys, certificate: read('p256.pem') }), [])
})
