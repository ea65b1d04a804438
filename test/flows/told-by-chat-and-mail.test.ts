// A client's DELETE waits while approvers are told in Slack, in Teams and by mail; a click in Slack lets it
// go on. One way that fails changes nothing for the client; all failing is nobody to ask, and then what is
// no plain reading is denied.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { mailServer } from '../peers/mail-server.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { SIGNING_SECRET, slackPeer, TOKEN, type Signed } from '../peers/slack.js'

const skip = missingPostgres('embedded')

t.test('approvers in chat and by mail', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(server.stop)
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  t.teardown(() => direct.end())
  await direct.query('CREATE TABLE people (id int PRIMARY KEY, ssn text)')
  await direct.query("INSERT INTO people SELECT i, '900-11-' || i FROM generate_series(1, 50) i")

  let fails = false
  const slack = await slackPeer(t, (_call, response) => {
    if (fails) response.writeHead(400).end()
    return fails
  })
  const mail = await mailServer(t, { status: () => (fails ? 554 : 0) })
  const cards: string[] = []
  const teams = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (more: string) => (text += more))
    request.on('end', () => {
      cards.push(text)
      // Teams never works here.
      response.writeHead(400).end()
    })
  })
  await new Promise<void>((resolve) => teams.listen(0, '127.0.0.1', resolve))
  t.teardown(() => teams.close())

  const secrets = folderOfSecrets(t, {
    token: TOKEN,
    signing: SIGNING_SECRET,
    teams: `http://127.0.0.1:${(teams.address() as AddressInfo).port}/hook?sig=SECRET`,
  })
  const slackConfig = {
    token: `file:${secrets.token}`,
    signing_secret: `file:${secrets.signing}`,
    channel: 'C123',
    api_url: slack.apiUrl,
  }
  const email = {
    host: '127.0.0.1',
    port: mail.port,
    tls: 'off',
    from: 'gate@example.com',
    to: ['dba@example.com'],
  }
  const approvals = { slack: slackConfig, email, teams: [{ url: `file:${secrets.teams}` }] }
  const accounts = [{ user, password }]
  const target = { name: 'shop', database: 'postgres', host, port, accounts }
  const gateway = await startTestGateway({ target, config: { approvals } })
  t.teardown(() => gateway.stop())

  // Who is who in Slack may be changed while the gateway runs.
  const config = parse(readFileSync(gateway.configFile, 'utf8')) as Record<string, object>
  const UAPP = { issuer: gateway.issuer, subject: 'somebody', groups: ['approvers'] }
  config['approvals'] = { ...approvals, slack: { ...slackConfig, users: { UAPP } } }
  writeFileSync(gateway.configFile, stringify(config))
  await gateway.gateway.reload(settingsFrom(gateway.configFile, {}))

  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'engineer',
    password: await gateway.token('engineer'),
    database: 'shop',
  })
  await client.connect()
  t.teardown(() => client.end())
  const send = async ({ headers, body }: Signed): Promise<number> =>
    (await fetch(`${gateway.webUrl}/slack/actions`, { method: 'POST', headers, body })).status

  await t.test('a click in Slack lets the command go on, whatever Teams does', async (t) => {
    const deleted = client.query('DELETE FROM people')
    await until(() => slack.calls.length > 0 && mail.mails.length > 0 && cards.length > 0)
    const text = JSON.stringify(slack.calls[0]?.body)
    const id = /"value":"([0-9a-z-]{14})"/.exec(text)?.[1] ?? ''
    t.match(text, 'DELETE FROM people')
    // Lines are folded as quoted-printable folds them.
    const read = mail.mails[0]?.text.replaceAll('=\r\n', '')
    t.match(read, `sallyport approvals approve ${id}`)
    t.equal(await send(slack.click('USTRANGER', 'approve', id)), 200)
    t.match(await direct.query('SELECT count(*)::int FROM people'), { rows: [{ count: 50 }] })
    t.equal(await send(slack.click('UAPP', 'approve', id)), 200)
    t.match(await deleted, { rowCount: 50 })
    await until(() => slack.calls.some(({ method }) => method === 'chat.update'))
    const end = slack.calls.find(({ method }) => method === 'chat.update')
    t.match(JSON.stringify(end?.body), 'approved by somebody')
    const metrics = await (await fetch(`${gateway.webUrl}/metrics`)).text()
    t.match(metrics, 'sallyport_notices_total{notifier="slack",outcome="told"} 2')
    t.match(metrics, 'sallyport_notices_total{notifier="email",outcome="told"} 1')
    t.match(metrics, 'sallyport_notices_total{notifier="teams",outcome="failed"} 1')
  })

  await t.test('where every way fails, nobody can be asked, and the policy says no', async (t) => {
    await direct.query("INSERT INTO people VALUES (1, '900-11-1')")
    fails = true
    const refusal = await client.query('DELETE FROM people').catch((problem: unknown) => problem)
    t.match(refusal, { code: '42501', hint: /try again once approvals work/ })
    t.match(await direct.query('SELECT count(*)::int FROM people'), { rows: [{ count: 1 }] })
    t.match(await client.query('SELECT id FROM people'), { rowCount: 1 }, 'the session lives on')
  })

  t.notMatch(gateway.log(), /SECRET|DELETE FROM|8f742231/)
})

function folderOfSecrets<Name extends string>(
  t: { teardown: (work: () => void) => void },
  secrets: Readonly<Record<Name, string>>,
): Record<Name, string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const files: Record<Name, string> = { ...secrets }
  for (const name of Object.keys(secrets) as Name[]) {
    writeFileSync(join(folder, name), secrets[name])
    files[name] = join(folder, name)
  }
  return files
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10))
}
