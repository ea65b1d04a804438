// The console as it is served: one page for every address that people may open, files that never change under
// one name, and a policy under which nothing else runs.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readConsole } from '../../../proxy/web/console-files.js'
import { webWorld } from './world.js'

const HTML = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

function built() {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-console-'))
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Sallyport</title>')
  writeFileSync(join(directory, 'assets/console-ABCD1234.js'), 'export {}')
  writeFileSync(join(directory, 'assets/style-ABCD1234.css'), 'body {}')
  writeFileSync(join(directory, 'assets/icon.svg'), '<svg/>')
  const files = readConsole(directory)
  rmSync(directory, { recursive: true })
  return files
}

t.test('every address of a page gives the page, and lets nothing foreign run', async (t) => {
  const { url } = await webWorld(t, { files: built() })
  for (const path of [
    '/',
    '/approvals/2222-3333',
    '/sessions/a_b-C1',
    '/search?q=a%20b',
    '/x/y.z',
  ]) {
    const response = await fetch(`${url}${path}`, HTML)
    t.equal(response.status, 200, path)
    t.equal(response.headers.get('cache-control'), 'no-store')
    const policy = response.headers.get('content-security-policy') ?? ''
    t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/)
    t.match(policy, /frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe|\*|https?:/)
    t.match(await response.text(), /<title>Sallyport/)
  }
})

t.test('what is no page is none: the API, files that are not there, other readers', async (t) => {
  const { url } = await webWorld(t, { files: built() })
  for (const path of ['/api/nothing', '/auth/nothing', '/assets/gone-ABCD1234.js', '/slack/x']) {
    t.equal((await fetch(`${url}${path}`, HTML)).status, 404, path)
  }
  t.equal((await fetch(`${url}/approvals/x`, { headers: { accept: '*/*' } })).status, 404)
  t.equal((await fetch(`${url}/approvals/x`, { ...HTML, method: 'POST' })).status, 404)
  for (const path of ['/assets/..%2findex.html', '/assets/../index.html', '//assets/icon.svg']) {
    const { status } = await raw(url, path)
    t.equal(status, 400, path)
  }
})

t.test('files with a hash in their name are kept for good, others for an hour', async (t) => {
  const { url } = await webWorld(t, { files: built() })
  const got = async (name: string) => {
    const { headers, status } = await fetch(`${url}/assets/${name}`)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    return [status, headers.get('content-type'), headers.get('cache-control')]
  }
  const forever = 'public, max-age=31536000, immutable'
  t.same(await got('console-ABCD1234.js'), [200, 'text/javascript; charset=utf-8', forever])
  t.same(await got('style-ABCD1234.css'), [200, 'text/css; charset=utf-8', forever])
  t.same(await got('icon.svg'), [200, 'image/svg+xml', 'public, max-age=3600'])
})

t.test('without a console its address says how to have one', async (t) => {
  const { call } = await webWorld(t)
  const { status, text, headers } = await call('/')
  t.equal(status, 200)
  t.match(headers.get('content-type'), /^text\/plain/)
  t.match(text, /npm run build/)
})

async function raw(url: string, path: string): Promise<{ readonly status: number }> {
  const { request } = await import('node:http')
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0 })
    })
      .on('error', reject)
      .end()
  })
}
