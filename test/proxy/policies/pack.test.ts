// The archive of a bundle: the same bytes for the same files, and readable by everybody's tools.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import { packedBundle } from '../../../proxy/policies/pack.js'

const FILES = new Map([
  ['policy.wasm', Buffer.alloc(200_000, 7)],
  ['.manifest', Buffer.from('{}')],
  ['Ä/ö.rego', Buffer.from('package ö')],
  ['empty.rego', Buffer.alloc(0)],
  [`${'deep/'.repeat(40)}x.rego`, Buffer.from('package x')],
])

t.test('order of files makes no difference, and nothing of the machine is inside', async (t) => {
  const bytes = await packedBundle(FILES)
  t.ok(bytes.equals(await packedBundle(new Map([...FILES].reverse()))))
  t.same([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
})

t.test('what was packed comes out again, by us, zlib and tar', async (t) => {
  const bytes = await packedBundle(FILES)
  const files = await bundleFiles(bytes)
  t.equal(files.size, FILES.size)
  for (const [name, content] of FILES) t.ok(files.get(name)?.equals(content), name)
  t.equal(gunzipSync(bytes).length % 512, 0)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pack-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'b.tar.gz'), bytes)
  execFileSync('tar', ['xzf', 'b.tar.gz'], { cwd: folder })
  t.ok(readFileSync(join(folder, 'policy.wasm')).equals(Buffer.alloc(200_000, 7)))
})

t.test('no files and files around the size of a block are archives too', async (t) => {
  t.equal((await bundleFiles(await packedBundle(new Map()))).size, 0)
  for (const size of [65_534, 65_535, 65_536, 131_070]) {
    const bytes = await packedBundle(new Map([['a', Buffer.alloc(size, 1)]]))
    t.equal((await bundleFiles(bytes)).get('a')?.length, size)
  }
})
