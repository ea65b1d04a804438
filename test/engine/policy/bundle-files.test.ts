// The files of a bundle: the same for everybody who reads it, and words for what is no bundle.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import {
  bundleFiles,
  contentDigestOf,
  digestOf,
  SIGNATURES_FILE,
} from '../../../engine/policy/bundle-files.js'
import { packed } from './opa-lab.js'

const FILES: readonly (readonly [string, Buffer])[] = [
  ['/data.json', Buffer.from('{}')],
  ['/.manifest', Buffer.from('{}')],
  ['/policy.wasm', Buffer.alloc(5000, 1)],
]

t.test('names have no slash before them, and order and packing do not count', async (t) => {
  const files = await bundleFiles(await packed(FILES))
  t.same([...files.keys()], ['data.json', '.manifest', 'policy.wasm'])
  const other = await bundleFiles(
    await packed([...FILES].reverse().map(([name, bytes]) => [`.${name}`, bytes] as const)),
  )
  t.equal(digestOf(files), digestOf(other))
})

t.test('signatures change the digest of all files, and not that of the contents', async (t) => {
  const bare = await bundleFiles(await packed(FILES))
  const signed = await bundleFiles(await packed([...FILES, [SIGNATURES_FILE, Buffer.from('{}')]]))
  t.not(digestOf(bare), digestOf(signed))
  t.equal(contentDigestOf(bare), contentDigestOf(signed))
  t.equal(contentDigestOf(bare), digestOf(bare))
})

t.test('a download that broke off is told from other damage, wherever it broke off', async (t) => {
  const whole = await packed(FILES)
  for (let at = 2; at < whole.length; at += 7) {
    await t.rejects(bundleFiles(whole.subarray(0, at)), { step: 'archive', message: /cut short/ })
  }
  const tar = Buffer.alloc(700, 65)
  for (const [bytes, why] of [
    [Buffer.alloc(0), /is empty/],
    [Buffer.from('<html>not found</html>'), /no bundle/],
    [gzipSync(tar), /damaged/],
    [
      Buffer.concat([whole.subarray(0, 40), Buffer.alloc(40, 7), whole.subarray(80)]),
      /damaged|cut/,
    ],
  ] as const) {
    await t.rejects(bundleFiles(bytes), { step: 'archive', message: why })
  }
})

t.test('what OPA or we would pass over, or read otherwise, refuses the bundle', async (t) => {
  for (const name of ['a/.signatures.json', 'a/.manifest', 'x.manifest', 'patch.json', 'a.wasm']) {
    await t.rejects(bundleFiles(await packed([...FILES, [name, Buffer.from('{}')]])), {
      message: /the bundle holds/,
    })
  }
})
