// Where OPA comes from: the one that was named, one on the PATH, one kept from before, a release whose
// checksum is right. Where there is none, the error lists what was tried.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findOpa, OPA_VERSION, ran, type OpaSearch } from '../../../proxy/policies/opa.js'
import { opaPath } from '../../rego/library.js'

// A program that says no more than a version.
function program(version: string): string {
  return `#!/bin/sh\necho 'Version: ${version}'\n`
}

// An answer of a server for releases; nothing at all where there is none.
async function releases(test: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const text = files[(request.url ?? '').replace(/^.*(linux|darwin)_\w+_static/, 'opa')]
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Place = { readonly folder: string; readonly put: (name: string, text: string) => string }

function place(test: Test): Place {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-opa-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    put: (name, text) => {
      const path = join(folder, name)
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, text, { mode: 0o755 })
      return path
    },
  }
}

function search(folder: string, over: Partial<OpaSearch>): OpaSearch {
  // No `go`, and nobody listens at port 9.
  const none = { env: { PATH: '/bin' }, releases: 'http://127.0.0.1:9' }
  return { ...none, cache: join(folder, 'cache'), progress: () => undefined, ...over }
}

t.test('the OPA that is used here is new enough and is what it says', async (t) => {
  t.match(await ran(await opaPath(), ['version'], { timeoutMs: 20_000 }), /^Version: \d+\.\d+\.\d+/)
})

t.test('the one that was named comes first, then the PATH', async (t) => {
  const { folder, put } = place(t)
  const named = put('named/any-name', program('1.22.2'))
  put('bin/opa', program('1.23.0'))
  const env = { SALLYPORT_OPA: named, PATH: join(folder, 'bin') }
  t.match(await findOpa(search(folder, { env })), { path: named, origin: 'SALLYPORT_OPA' })
  t.match(await findOpa(search(folder, { env: { PATH: env.PATH } })), {
    path: join(folder, 'bin/opa'),
    version: '1.23.0',
    origin: 'PATH',
  })
})

t.test(
  'one that is too old, or no OPA at all, is passed over for one kept from before',
  async (t) => {
    const { folder, put } = place(t)
    put('bin/opa', program('0.60.0'))
    const kept = put(`cache/opa-${OPA_VERSION}`, program(OPA_VERSION))
    const env = { SALLYPORT_OPA: put('named', '#!/bin/sh\nexit 1\n'), PATH: join(folder, 'bin') }
    t.match(await findOpa(search(folder, { env })), { path: kept, origin: 'the cache' })
  },
)

t.test('a release is fetched once, and kept', async (t) => {
  const { folder } = place(t)
  const text = program(OPA_VERSION)
  const sum = createHash('sha256').update(text).digest('hex')
  const url = await releases(t, { opa: text, 'opa.sha256': `${sum}  opa\n` })
  const all = await Promise.all([1, 2, 3].map(() => findOpa(search(folder, { releases: url }))))
  t.same(all.map((one) => one.origin).sort(), ['the cache', 'the cache', 'the official release'])
  t.same(readdirSync(join(folder, 'cache')), [`opa-${OPA_VERSION}`], 'and nothing is left over')
})

t.test('a release with a wrong checksum is not used', async (t) => {
  const { folder } = place(t)
  const url = await releases(t, {
    opa: program(OPA_VERSION),
    'opa.sha256': `${'0'.repeat(64)}  opa\n`,
  })
  await t.rejects(findOpa(search(folder, { releases: url })), /its checksum is wrong/)
  t.same(readdirSync(join(folder, 'cache')), [])
})

t.test('the error lists what was tried, and what would help', async (t) => {
  const { folder, put } = place(t)
  put('bin/opa', program('1.0.0'))
  const env = { SALLYPORT_OPA: join(folder, 'missing'), PATH: join(folder, 'bin') }
  const problem: unknown = await findOpa(search(folder, { env })).catch((thrown: unknown) => thrown)
  t.match(problem, { code: 'opa_missing' })
  const text = String(problem)
  for (const part of [
    'missing (SALLYPORT_OPA): not a program',
    'bin/opa (PATH): version 1.0.0',
    'the official release:',
    'go install: go cannot be run',
    'Install OPA or Go',
  ]) {
    t.ok(text.includes(part), part)
  }
})

t.test('a lock of a process that is gone holds nobody up', async (t) => {
  const { folder, put } = place(t)
  put(`cache/opa-${OPA_VERSION}.lock`, '999999999')
  const text = program(OPA_VERSION)
  const sum = createHash('sha256').update(text).digest('hex')
  const url = await releases(t, { opa: text, 'opa.sha256': sum })
  t.match(await findOpa(search(folder, { releases: url })), { origin: 'the official release' })
})
