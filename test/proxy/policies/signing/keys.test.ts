// Keys are taken for what they are: public ones to verify, private ones to sign, strong ones only; and no
// message shows one.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import {
  algorithmsOf,
  privateKey,
  publicKey,
  thumbprintOf,
} from '../../../../proxy/policies/signing/keys.js'
import { pairOf, pem } from './signing-lab.js'

t.test('a key says by which algorithms it may be used', async (t) => {
  for (const [kind, first] of [
    ['P-256', 'ES256'],
    ['Ed25519', 'EdDSA'],
    ['RSA', 'RS256'],
  ] as const) {
    const { own, shown } = pairOf('a', kind)
    t.equal(algorithmsOf(privateKey('a', pem(own.key)))[0], first)
    t.equal(algorithmsOf(publicKey('a', pem(shown.key)))[0], first)
    t.equal(thumbprintOf(own), thumbprintOf(shown), 'both halves are one key')
  }
})

t.test('what is no key for the purpose is refused without being shown', async (t) => {
  const { own, shown } = pairOf('a')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const odd = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
  const x25519 = generateKeyPairSync('x25519').privateKey
  const locked = String(
    own.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
  )
  for (const [make, text, why] of [
    [publicKey, pem(own.key), /is a private key/],
    [publicKey, 'secret-words', /no public key/],
    [publicKey, '-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----', /cannot be read/],
    [publicKey, pem(createPublicKey(weak)), /kind that is not used/],
    [privateKey, pem(shown.key), /no private key/],
    [privateKey, locked, /encrypted/],
    [privateKey, pem(odd), /secp256k1/],
    [privateKey, pem(x25519), /x25519/],
    [privateKey, '', /no private key/],
  ] as const) {
    t.throws(() => make('anna', text), { code: 'bundle_signature', message: why })
    t.throws(() => make('anna', text), { message: /“anna”/ })
    t.throws(() => make('anna', text), { message: /^((?!secret-words|MII|MC4).)*$/s })
  }
})
