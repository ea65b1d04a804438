// A running gateway tells a collector what happens: a session is a trace, a command a span, a refusal a log
// record; protected literals are gone, and a collector that fails stops nothing.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { spanIdOf, traceIdOf } from '../../proxy/telemetry/otlp.js'
import { otelcol, startRealCollector, startTestCollector, until } from '../peers/collector.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded')
t.setTimeout(240_000)

type Json = Record<string, unknown>

function itemsOf(body: Json, outer: string, inner: string, items: string): readonly Json[] {
  return (body[outer] as Json[]).flatMap((one) =>
    (one[inner] as Json[]).flatMap((scope) => scope[items] as Json[]),
  )
}

function attributesOf(item: Json): Json {
  return Object.fromEntries(
    (item['attributes'] as { key: string; value: Json }[]).map(({ key, value }) => [
      key,
      Object.values(value)[0],
    ]),
  )
}

t.test('telemetry of a gateway', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const target = { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-telemetry-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'key'), 'a secret key\n')

  const run = async (gateway: TestGateway): Promise<void> => {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: 'agent',
      password: await gateway.token('agent'),
      database: 'shop',
    })
    client.on('error', () => undefined)
    await client.connect()
    await client.query('CREATE TEMP TABLE t (id int)').catch(() => undefined)
    await client.query('SELECT 1 AS one')
    await client.query('SELECT nothing FROM pg_class').catch(() => undefined)
    await client.query('DELETE FROM pg_class').catch(() => undefined)
    await client.end()
  }

  await t.test('traces and logs arrive, and say what was decided', async (t) => {
    const collector = await startTestCollector()
    t.teardown(() => collector.close())
    const otlp = {
      endpoint: collector.url,
      headers: { 'x-api-key': `file:${join(folder, 'key')}` },
      resource: { 'deployment.environment.name': 'test' },
    }
    const gateway = await startTestGateway({ target, config: { telemetry: { otlp } } })
    await run(gateway)
    const spans = (): readonly Json[] =>
      collector.taken
        .filter(({ path }) => path === '/v1/traces')
        .flatMap(({ body }) => itemsOf(body, 'resourceSpans', 'scopeSpans', 'spans'))
    const session = (): Json | undefined =>
      spans().find((span) => span['parentSpanId'] === undefined)
    t.ok(await until(() => session() !== undefined))
    const id = String(attributesOf(session() ?? {})['sallyport.session'])
    t.equal(session()?.['traceId'], traceIdOf(id))
    const select = spans().find((span) => attributesOf(span)['db.query.text'] === 'SELECT 1 AS one')
    t.match(select, { parentSpanId: spanIdOf(id), traceId: traceIdOf(id), name: 'SELECT', kind: 3 })
    t.match(attributesOf(select ?? {}), {
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'sallyport.result': 'done',
      'db.response.returned_rows': '1',
    })
    const refused = spans().find((span) => attributesOf(span)['sallyport.result'] === 'refused')
    t.match(refused?.['status'], { code: 2 })
    const logs = (): readonly Json[] =>
      collector.taken
        .filter(({ path }) => path === '/v1/logs')
        .flatMap(({ body }) => itemsOf(body, 'resourceLogs', 'scopeLogs', 'logRecords'))
    t.ok(await until(() => logs().length > 0))
    t.match(logs()[0], {
      severityText: 'WARN',
      eventName: 'sallyport.refusal',
      traceId: traceIdOf(id),
    })
    t.ok(collector.taken.every(({ headers }) => headers['x-api-key'] === 'a secret key'))
    const metrics = await (await fetch(`${gateway.webUrl}/metrics`)).text()
    t.match(metrics, /sallyport_telemetry_sent_total\{signal="traces"\} [1-9]/)
    await gateway.stop()
  })

  await t.test(
    'a collector that is not there stops nothing, and is counted and logged',
    async (t) => {
      const collector = await startTestCollector()
      await collector.close()
      const gateway = await startTestGateway({
        target,
        config: { telemetry: { otlp: { endpoint: collector.url } } },
      })
      t.teardown(() => gateway.stop())
      await run(gateway)
      t.ok(await until(() => gateway.log().includes('the collector does not take telemetry')))
      t.notMatch(gateway.log(), 'SELECT 1 AS one')
    },
  )

  const without = otelcol === undefined ? 'no collector (SALLYPORT_OTELCOL)' : false
  await t.test('a real collector reads it', { skip: without }, async (t) => {
    const collector = await startRealCollector(otelcol ?? '')
    t.teardown(() => collector.close())
    const gateway = await startTestGateway({
      target,
      config: { telemetry: { otlp: { endpoint: collector.url } } },
    })
    await run(gateway)
    await gateway.stop()
    t.ok(await until(() => /sallyport\.session/.test(collector.told())))
    const told = collector.told()
    t.match(told, /db\.system\.name: Str\(postgresql\)/)
    t.match(told, /db\.query\.text: Str\(SELECT 1 AS one\)/)
    t.match(told, /SeverityText: WARN/)
    t.match(told, /Kind +: Client/)
    t.match(told, /db\.response\.returned_rows: Int\(1\)/)
  })
})
