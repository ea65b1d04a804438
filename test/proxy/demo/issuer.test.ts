// The development issuer keeps what it must over a restart, begins anew in a new folder, and is quiet.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { run as printToken, ISSUER_FOLDER } from '../../../proxy/commands/dev-token.js'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { startIssuer } from '../../../proxy/demo/issuer.js'
import { oidcVerifier } from '../../../proxy/identity/oidc.js'
import { issuerWorld } from '../../peers/issuer.js'

void t.test(
  'a token of before a restart is valid after it, and a revoked one stays so',
  async (t) => {
    const { directory, issuer, settings } = await issuerWorld(t)
    const kept = await devToken(directory, 'engineer')
    const revoked = await devToken(directory, 'engineer')
    const body = new URLSearchParams({ token: revoked })
    await fetch(`${issuer.url}/token/revocation`, { method: 'POST', body })
    await issuer.close()
    await t.rejects(devToken(directory, 'engineer'), { code: 'issuer_unreachable' })
    const again = await startIssuer({ directory, port: Number(new URL(issuer.url).port) })
    t.teardown(again.close)
    const { verify, close } = oidcVerifier([{ ...settings, revocation: 'introspection' }])
    t.teardown(close)
    t.equal((await verify(kept)).facts.name, 'engineer')
    await t.rejects(verify(revoked), { message: /revoked/ })
    for (const file of ['keys.json', 'client-secret', 'state.json', 'url']) {
      t.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file)
    }
  },
)

void t.test('introspection is for the gateway alone, and speaks of no foreign token', async (t) => {
  const { directory, issuer } = await issuerWorld(t)
  const token = await devToken(directory, 'agent')
  const url = `${issuer.url}/token/introspection`
  const asked = (authorization: string) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ token }),
    })
  t.equal((await asked('')).status, 401)
  const wrong = Buffer.from('sallyport-gateway:wrong').toString('base64')
  t.equal((await asked(`Basic ${wrong}`)).status, 401)
})

void t.test('the development grant needs the secret and a known account', async (t) => {
  const { directory, issuer } = await issuerWorld(t)
  await t.rejects(devToken(directory, 'root'), { code: 'usage', message: /engineer, agent/ })
  await t.rejects(devToken(join(directory, 'nowhere'), 'agent'), { code: 'not_found' })
  const form = {
    grant_type: 'urn:sallyport:params:oauth:grant-type:development',
    account: 'approver',
    client_id: 'sallyport-gateway',
    client_secret: 'guess',
  }
  const body = new URLSearchParams(form)
  t.equal((await fetch(`${issuer.url}/token`, { method: 'POST', body })).status, 401)
})

void t.test('`sallyport dev token` prints the token and nothing else', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'sallyport-demo-'))
  t.teardown(() => rmSync(cwd, { recursive: true, force: true }))
  const issuer = await startIssuer({ directory: join(cwd, ISSUER_FOLDER) })
  t.teardown(issuer.close)
  let out = ''
  const stdout = { write: (text: string) => (out += text) }
  const stderr = { write: () => undefined }
  t.equal(await printToken(['agent'], { stdout, stderr, env: {}, cwd }), 0)
  t.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.equal(await printToken([], { stdout, stderr, env: {}, cwd }), 2)
  t.equal(await printToken(['root'], { stdout, stderr, env: {}, cwd }), 2)
})

void t.test('starting it prints nothing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-quiet-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const program = `
    const { startIssuer } = await import('./proxy/demo/issuer.ts')
    const { devToken } = await import('./proxy/demo/dev-token.ts')
    const issuer = await startIssuer({ directory: process.argv[1] })
    await devToken(process.argv[1], 'agent')
    await issuer.close()`
  const argv = ['--import', 'tsx', '--input-type=module', '-e', program, directory]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, argv)
  t.equal(stdout + stderr, '')
})
