// The readers of bundles and their signatures get damaged and hostile bytes: they refuse with words, and
// never take what differs from what was signed.
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { bundleFiles } from '../../engine/policy/bundle-files.js'
import { BundleProblem } from '../../engine/policy/bundle-problem.js'
import { GatewayError } from '../../proxy/errors.js'
import { packedBundle } from '../../proxy/policies/pack.js'
import { signedFiles } from '../../proxy/policies/signing/file-digests.js'
import { structuredText } from '../../proxy/policies/signing/structured-text.js'
import { signedBundle } from '../../proxy/policies/signing/sign.js'
import { verifiedBundle } from '../../proxy/policies/signing/verify.js'
import { bundleWith, FILES, pairOf, tokenBy } from '../proxy/policies/signing/signing-lab.js'
import { chance, type Chance } from './chance.js'

const INPUTS = Number(process.env['SALLYPORT_FUZZ'] ?? '100000')
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
const WORDS = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  '.',
  '\\u',
  '\u0000',
  'null',
  '-1',
  '1e999',
  '__proto__',
]

function damaged(bytes: Buffer, random: Chance): Buffer {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + random.below(16))
  switch (random.below(5)) {
    case 0: {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[at % copy.length] = random.below(256)
      return copy
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 2:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    case 3:
      return bytes.subarray(0, at)
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(random.pick(WORDS)),
        bytes.subarray(at),
      ])
  }
}

function isExpected(problem: unknown): boolean {
  const known = problem instanceof GatewayError || problem instanceof BundleProblem
  return known && problem.message !== ''
}

t.test(`${INPUTS} damaged JSON documents are one text or refused`, async (t) => {
  const random = chance(SEED)
  const document = FILES.get('data.json') ?? Buffer.alloc(0)
  let taken = 0
  for (let turn = 0; turn < INPUTS; turn++) {
    let bytes: Buffer = document
    for (let n = random.below(3); n >= 0; n--) bytes = damaged(bytes, random)
    try {
      const text = structuredText('data.json', bytes)
      taken++
      // What we take, everybody takes, and means the same.
      const [ours, theirs] = [JSON.parse(text), JSON.parse(bytes.toString('utf8'))] as unknown[]
      if (!isDeepStrictEqual(ours, theirs)) t.fail(`other than JSON has it: ${text}`)
    } catch (problem) {
      if (!isExpected(problem)) t.fail(`${String(problem)} for ${bytes.toString('latin1')}`)
    }
  }
  t.ok(taken > 0 && taken < INPUTS)
})

t.test(`${INPUTS / 10} damaged signature files never sign anything else`, async (t) => {
  const random = chance(SEED)
  const { own, shown } = pairOf('anna')
  const token = await tokenBy(own)
  const text = Buffer.from(JSON.stringify({ signatures: [token], sallyport_signatures: [] }))
  const others = new Map(FILES).set('policy.wasm', Buffer.from('other'))
  const requirement = { required: 1, keys: [shown] }
  for (let turn = 0; turn < INPUTS / 10; turn++) {
    const file = damaged(text, random)
    const bytes = await packedBundle(new Map(others).set('.signatures.json', file))
    await verifiedBundle(bytes, requirement).then(
      () => t.fail(`taken: ${file.toString('latin1')}`),
      (problem: unknown) => {
        if (!isExpected(problem)) t.fail(`${String(problem)} for ${file.toString('latin1')}`)
      },
    )
  }
  t.same((await verifiedBundle(await bundleWith({ signatures: [token] }), requirement)).signers, [
    'anna',
  ])
})

t.test(`${INPUTS / 4} damaged archives are refused, or hold what was signed`, async (t) => {
  const random = chance(SEED)
  const { own, shown } = pairOf('anna')
  const { bytes } = await signedBundle(await packedBundle(FILES), { key: own })
  const tar = gunzipSync(bytes)
  const requirement = { required: 1, keys: [shown] }
  let taken = 0
  for (let turn = 0; turn < INPUTS / 4; turn++) {
    // Most damage is found by the checksum of gzip; where somebody made that anew it must be found as well.
    const isPacked = random.below(4) === 0
    const other = isPacked ? damaged(bytes, random) : gzipSync(damaged(tar, random), { level: 1 })
    await verifiedBundle(other, requirement).then(
      async () => {
        taken++
        const files = signedFiles(await bundleFiles(other))
        if (!isDeepStrictEqual(files, signedFiles(FILES))) t.fail('other contents')
      },
      (problem: unknown) => {
        if (!isExpected(problem)) t.fail(String(problem))
      },
    )
  }
  t.ok(taken > 0 && taken < INPUTS / 4, `${taken} taken`)
})
