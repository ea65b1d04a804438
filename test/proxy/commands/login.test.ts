// The device flow as a person goes through it: `sallyport login` on one side, on the other HTTP requests
// as a browser would make them, against a real OpenID provider.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Io } from '../../../proxy/commands/io.js'
import { run as connect } from '../../../proxy/commands/connect.js'
import { run as login } from '../../../proxy/commands/login.js'
import { run as token } from '../../../proxy/commands/token.js'
import { LOGIN_CLIENT } from '../../../proxy/demo/issuer-configuration.js'
import { oidcVerifier } from '../../../proxy/identity/oidc.js'
import { approveLogin } from '../../peers/browser.js'
import { issuerWorld } from '../../peers/issuer.js'

type Terminal = { readonly io: Io; readonly out: () => string; readonly err: () => string }

function terminal(home: string, env: Record<string, string> = {}): Terminal {
  let [out, err] = ['', '']
  const write = (text: string): void => void (out += text)
  const writeError = (text: string): void => void (err += text)
  return {
    io: {
      stdout: { write },
      stderr: { write: writeError },
      env: { XDG_CONFIG_HOME: home, PATH: process.env['PATH'], ...env },
      cwd: home,
    },
    out: () => out,
    err: () => err,
  }
}

function home(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-home-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function printed(terminal: Terminal, pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(terminal.out())?.[1]
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

void t.test('login by the device flow, then a token that the gateway takes', async (t) => {
  const { issuer, settings } = await issuerWorld(t, { accessTokenSeconds: 62 })
  const directory = home(t)
  const screen = terminal(directory)
  const flags = ['--issuer', issuer.url, '--client-id', LOGIN_CLIENT]
  const done = login([...flags, '--gateway', '127.0.0.1:6432'], screen.io)
  const address = await printed(screen, /Open\s+(\S+)\n/)
  t.match(await printed(screen, /code\s+(\S+)\n/), /^[A-Z]{4}-[A-Z]{4}$/)
  await approveLogin(address, 'approver')
  t.equal(await done, 0, screen.err())
  const kept = join(directory, 'sallyport', 'token.json')
  t.equal(statSync(kept).mode & 0o777, 0o600, 'readable by its owner alone')
  t.equal(statSync(join(directory, 'sallyport')).mode & 0o777, 0o700)

  const { verify, close } = oidcVerifier([settings])
  t.teardown(close)
  const first = terminal(directory)
  t.equal(await token([], first.io), 0)
  const identity = await verify(first.out().trim())
  t.equal(identity.facts.name, 'approver')
  t.same(identity.facts.groups, ['approvers', 'policy-operators'])
  t.notOk(screen.out().includes(first.out().trim()), 'the token was not shown')

  await new Promise((resolve) => setTimeout(resolve, 2_100))
  const renewed = await Promise.all(
    [1, 2, 3].map(async () => {
      const again = terminal(directory)
      t.equal(await token([], again.io), 0, again.err())
      return again.out()
    }),
  )
  for (const one of renewed) t.not(one, first.out(), 'renewed shortly before it ends')
  await verify(renewed[0]?.trim() ?? '')

  const stored = JSON.parse(readFileSync(kept, 'utf8')) as { refresh_token: string }
  await fetch(`${issuer.url}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token: stored.refresh_token }),
  })
  writeFileSync(kept, JSON.stringify({ ...stored, expires_at_ms: 1 }))
  const ended = terminal(directory)
  t.equal(await token([], ended.io), 1)
  t.match(ended.err(), /sallyport login/)
  t.equal(ended.out(), '')
})

void t.test('a login that is declined in the browser says so', async (t) => {
  const { issuer } = await issuerWorld(t)
  const screen = terminal(home(t))
  const done = login(['--issuer', issuer.url, '--client-id', LOGIN_CLIENT], screen.io)
  await approveLogin(await printed(screen, /Open\s+(\S+)\n/), undefined)
  t.equal(await done, 1)
  t.match(screen.err(), /declined/)
})

void t.test('what cannot work is said at once', async (t) => {
  const directory = home(t)
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /--issuer/],
    [['--nonsense'], 2, /--issuer URL/],
    [['--issuer', 'http://login.example.com', '--client-id', 'x'], 2, /https/],
    [['--issuer', 'http://127.0.0.1:1', '--client-id', 'x'], 1, /cannot be reached/],
  ]
  for (const [argv, code, words] of cases) {
    const screen = terminal(directory)
    t.equal(await login(argv, screen.io), code)
    t.match(screen.err(), words)
  }
  const { issuer } = await issuerWorld(t)
  const screen = terminal(directory)
  t.equal(await login(['--issuer', issuer.url, '--client-id', 'nobody'], screen.io), 1)
  t.match(screen.err(), /does not know this client/)
  const nobody = terminal(directory)
  t.equal(await token([], nobody.io), 1)
  t.match(nobody.err(), /nobody is logged in/)
})

void t.test('connect starts psql with everything set and gives back its exit code', async (t) => {
  const directory = home(t)
  const seen = join(directory, 'seen')
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  mkdirSync(join(directory, 'sallyport'))
  writeFileSync(join(bin, 'psql'), `#!/bin/sh\n{ env; echo "ARGS=$*"; } > '${seen}'\nexit 3\n`)
  chmodSync(join(bin, 'psql'), 0o755)
  const jwt = `e30.${Buffer.from('{"preferred_username":"agent"}').toString('base64url')}.AA`
  const stored = { issuer: 'x', client_id: 'x', access_token: jwt, expires_at_ms: 4e12 }
  writeFileSync(join(directory, 'sallyport', 'token.json'), JSON.stringify(stored))
  const gateway = { gateway: 'gateway.example.com:6432' }
  writeFileSync(join(directory, 'sallyport', 'client.json'), JSON.stringify(gateway))
  const screen = terminal(directory, {
    PATH: `${bin}:/usr/bin:/bin`,
    PGHOSTADDR: '192.0.2.1',
    PGSERVICE: 'other',
  })
  t.equal(await connect(['shop/archive', '-c', 'select 1'], screen.io), 3, screen.err())
  const environment = readFileSync(seen, 'utf8')
  const wanted = [
    'PGHOST=gateway.example.com',
    'PGPORT=6432',
    'PGUSER=agent',
    `PGPASSWORD=${jwt}`,
    'PGDATABASE=shop/archive',
    'PGSSLMODE=verify-full',
    'ARGS=-c select 1',
  ]
  for (const line of wanted) t.ok(environment.includes(`${line}\n`), line.slice(0, 40))
  t.notMatch(environment, /PGHOSTADDR|PGSERVICE/, 'nothing leads the token elsewhere')
  await connect(['--gateway=[::1]:7000', '--user', 'me', 'shop'], screen.io)
  const local = readFileSync(seen, 'utf8')
  for (const line of ['PGHOST=::1', 'PGPORT=7000', 'PGUSER=me', 'PGSSLMODE=prefer']) {
    t.ok(local.includes(`${line}\n`), line)
  }
})

void t.test('connect without psql, target or gateway says what to do', async (t) => {
  const directory = home(t)
  mkdirSync(join(directory, 'sallyport'))
  const stored = { issuer: 'x', client_id: 'x', access_token: 'x', expires_at_ms: 4e12 }
  writeFileSync(join(directory, 'sallyport', 'token.json'), JSON.stringify(stored))
  const screen = terminal(directory, { PATH: directory })
  t.equal(await connect(['--gateway', '127.0.0.1:1', 'shop'], screen.io), 1)
  t.match(screen.err(), /psql is not on PATH/)
  t.equal(await connect([], screen.io), 2)
  t.equal(await connect(['shop'], screen.io), 2)
  t.match(screen.err(), /--gateway HOST:PORT/)
})
