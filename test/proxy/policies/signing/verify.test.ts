// A bundle decides only where enough of the configured keys signed exactly what is there; nothing that
// somebody without such a key can write changes that.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { GatewayError } from '../../../../proxy/errors.js'
import { signedFiles } from '../../../../proxy/policies/signing/file-digests.js'
import { signedBundle } from '../../../../proxy/policies/signing/sign.js'
import { verifiedBundle } from '../../../../proxy/policies/signing/verify.js'
import { packedBundle } from '../../../../proxy/policies/pack.js'
import { bundleWith, changed, FILES, pairOf, pem, tokenBy } from './signing-lab.js'

const anna = pairOf('anna')
const ben = pairOf('ben', 'Ed25519')
const carla = pairOf('carla', 'RSA')
const everybody = [anna.shown, ben.shown, carla.shown]

async function refusal(bytes: Uint8Array, keys = everybody, required = 1, scope?: string) {
  const requirement = { required, keys, ...(scope === undefined ? {} : { scope }) }
  return verifiedBundle(bytes, requirement).then(
    ({ signers }) => `taken: ${signers.join(', ')}`,
    (problem: unknown) => {
      if (!(problem instanceof GatewayError)) throw problem
      return `${problem.code}: ${problem.message}`
    },
  )
}

t.test('as many signatures as are asked for, by keys that are known', async (t) => {
  let bytes: Uint8Array = await packedBundle(FILES)
  t.match(await refusal(bytes), /bundle_signature: .*signed by nobody.*1 must/)
  for (const [signed, { own }] of [anna, ben, carla].entries()) {
    bytes = (await signedBundle(bytes, { key: own })).bytes
    const required = signed + 1
    const { signers, contentDigest } = await verifiedBundle(bytes, { required, keys: everybody })
    t.same(signers, ['anna', 'ben', 'carla'].slice(0, required))
    t.match(contentDigest, /^sha256:/)
    t.match(await refusal(bytes, everybody, required + 1), /signed by .* must: anna, ben, carla/)
  }
  t.match(await refusal(bytes, [anna.shown]), /taken: anna/, 'others do no harm')
  t.match(
    await refusal(bytes, [pairOf('dora').shown]),
    /signatures of anna, ben, carla do not count/,
  )
})

t.test('one key counts once, whatever its names', async (t) => {
  const other = { name: 'anna2', key: anna.own.key }
  let bytes: Uint8Array = (await signedBundle(await packedBundle(FILES), { key: anna.own })).bytes
  bytes = (await signedBundle(bytes, { key: other })).bytes
  const keys = [anna.shown, { name: 'anna2', key: anna.shown.key }, ben.shown]
  t.match(await refusal(bytes, keys, 2), /signed by 1 \(anna\)/)
  const twice = await bundleWith({ signatures: [await tokenBy(anna.own), await tokenBy(anna.own)] })
  t.match(await refusal(twice, everybody, 2), /signed by 1 \(anna\)/)
})

t.test('what was not signed, or not so, is refused', async (t) => {
  const { bytes } = await signedBundle(await packedBundle(FILES), { key: anna.own })
  for (const [what, change, why] of [
    [
      'a file more',
      (f) => f.set('x.rego', Buffer.from('x')),
      /x\.rego is in the bundle, but was not/,
    ],
    ['a file less', (f) => f.delete('policies/a.rego'), /a\.rego was signed, but is not in/],
    ['other Wasm', (f) => f.set('policy.wasm', Buffer.from([1])), /policy\.wasm is not as it was/],
    ['other data', (f) => f.set('data.json', Buffer.from('{}')), /data\.json is not as it was/],
    ['data twice', (f) => f.set('data.json', Buffer.from('{"a":1,"a":2}')), /“a” twice/],
    ['no JSON', (f) => f.set('data.json', Buffer.from('{')), /data\.json:1/],
    ['no UTF-8', (f) => f.set('data.json', Buffer.from([0x22, 0xff, 0x22])), /UTF-8/],
  ] as readonly (readonly [string, (files: Map<string, Buffer>) => void, RegExp])[]) {
    t.match(await refusal(await changed(bytes, change)), why, what)
  }
  const spaced = await changed(bytes, (files) =>
    files.set('data.json', Buffer.from('{ "a":{"w":true,"x":null},"b":[1.0,2e3,"ä<>&\u2028"] }')),
  )
  t.match(await refusal(spaced), /taken: anna/, 'as OPA has it, spaces and order do not count')
})

t.test('algorithms follow from our keys, never from what a token says', async (t) => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = part({ files: signedFiles(FILES) })
  const none = `${part({ alg: 'none', kid: 'anna' })}.${claims}.`
  t.match(await refusal(await bundleWith({ signatures: [none] })), /not made with its key/)
  for (const secret of [
    pem(anna.shown.key),
    anna.shown.key.export({ type: 'spki', format: 'der' }),
  ]) {
    const head = `${part({ alg: 'HS256', kid: 'anna' })}.${claims}`
    const made = createHmac('sha256', secret).update(head).digest('base64url')
    t.match(
      await refusal(await bundleWith({ signatures: [`${head}.${made}`] })),
      /not made with its key/,
      'the public key as a secret',
    )
  }
  const token = await tokenBy(ben.own, {}, { kid: 'anna' })
  t.match(await refusal(await bundleWith({ signatures: [token] })), /“anna” was not made with its/)
  const [head = '', body = ''] = (await tokenBy(anna.own)).split('.')
  const zeros = `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`
  t.match(await refusal(await bundleWith({ signatures: [zeros] })), /not made with its key/)
})

t.test('what a token claims about itself must hold', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  for (const [claims, why] of [
    [{ exp: now - 1 }, /it ended at/],
    [{ nbf: now + 600 }, /it begins at/],
    [{ exp: 'tomorrow' }, /a time that is none/],
    [{ scope: 'write' }, /for the scope “write”, and “” is configured/],
    [{ scope: 1 }, /scope that is no text/],
    [{ keyid: 'ben' }, /one key in its header and another in its claims/],
    [{ files: undefined }, /does not list files/],
    [{ files: [{ name: 'a' }] }, /does not list files/],
    [{ files: [...signedFiles(FILES), ...signedFiles(FILES)] }, /lists a file twice/],
    [{ files: signedFiles(FILES).map((f) => ({ ...f, algorithm: 'MD5' })) }, /by “MD5”/],
    [{ files: signedFiles(FILES).map((f) => ({ ...f, algorithm: 'toString' })) }, /by “toString”/],
  ] as const) {
    const token = await tokenBy(anna.own, claims)
    t.match(await refusal(await bundleWith({ signatures: [token] })), why)
  }
  const scoped = await bundleWith({ signatures: [await tokenBy(anna.own, { scope: 'prod' })] })
  t.match(await refusal(scoped, everybody, 1, 'prod'), /taken/)
  const later = await bundleWith({ signatures: [await tokenBy(anna.own, { exp: now + 60 })] })
  t.match(await refusal(later), /taken/)
})

t.test(
  'a wrong signature in a known name refuses the bundle, however many are right',
  async (t) => {
    const wrong = (await tokenBy(ben.own)).replace(/.{6}$/, 'AAAAAA')
    const bytes = await bundleWith({
      signatures: [await tokenBy(anna.own)],
      sallyport_signatures: [wrong],
    })
    t.match(await refusal(bytes), /“ben” was not made with its key/)
  },
)

t.test('a signatures file that is none is refused with words', async (t) => {
  for (const [text, why] of [
    [[], /no JSON object/],
    [{ signatures: 'x' }, /something else than a list/],
    [{ signatures: [1] }, /something else than a list/],
    [{ signatures: ['x'] }, /three parts/],
    [{ signatures: ['a.b.c'] }, /no JSON/],
    [{ signatures: [], plugin: 'custom' }, /plugin/],
    [{ signatures: Array.from({ length: 40 }, () => 'a.b.c') }, /more than 32/],
    [{}, /signed by nobody/],
  ] as const) {
    t.match(await refusal(await bundleWith(text)), why)
  }
  t.match(await refusal(Buffer.from('x')), /bundle_invalid/)
  const cut = (await packedBundle(FILES)).subarray(0, 900)
  t.match(await refusal(cut), /bundle_invalid: .*cut short/)
})

t.test('a nameless token counts for the key that made it', async (t) => {
  const token = await tokenBy(ben.own, {}, { kid: undefined })
  t.match(await refusal(await bundleWith({ signatures: [token] })), /taken: ben/)
  const strange = await tokenBy(pairOf('x').own, {}, { kid: undefined })
  t.match(await refusal(await bundleWith({ signatures: [strange] })), /\(no name\) do not count/)
})
