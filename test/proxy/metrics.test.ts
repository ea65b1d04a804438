// The page that Prometheus reads.
import t from 'tap'
import { createMetrics } from '../../proxy/metrics.js'

t.test('everything that happens is on the page', async (t) => {
  let lag = 3
  const metrics = createMetrics(
    {
      sessions: () => 2,
      holds: () => 1,
      recordLag: () => lag,
      recordHealthy: () => false,
      catalogueAgesMs: () => [{ target: 'shop', database: 'shop', ageMs: 1500 }],
    },
    { process: false, version: '1.2.3' },
  )
  metrics.decided('deny', 'destructive/no-where', 18, false)
  metrics.decided('allow', '', 2, true)
  metrics.refused('denied', 'destructive/no-where')
  metrics.sessionOpened('shop')
  metrics.sessionRefused('token')
  metrics.holdSettled('approved', 4000)
  metrics.moved('to_client', 1000)
  metrics.rowsReturned(10, 5)
  metrics.incident('pattern')
  metrics.failed('record_failed')
  metrics.bundleRefused()
  metrics.bundleActivated({ revision: 'a', digest: 'sha256:1' })
  metrics.bundleActivated({ revision: 'b', digest: 'sha256:2' })
  const page = await metrics.page()
  for (const line of [
    'sallyport_decisions_total{action="deny",rule="destructive/no-where"} 1',
    'sallyport_decision_seconds_bucket{le="0.00002",cached="no"} 1',
    'sallyport_refusals_total{why="denied",rule="destructive/no-where"} 1',
    'sallyport_sessions_total{target="shop"} 1',
    'sallyport_sessions_refused_total{why="token"} 1',
    'sallyport_hold_seconds_count{outcome="approved"} 1',
    'sallyport_bytes_total{direction="to_client"} 1000',
    'sallyport_rows_total 10',
    'sallyport_masked_fields_total 5',
    'sallyport_incidents_total{event="pattern"} 1',
    'sallyport_errors_total{code="record_failed"} 1',
    'sallyport_bundle_info{revision="b",digest="sha256:2"} 1',
    'sallyport_sessions_open 2',
    'sallyport_holds_pending 1',
    'sallyport_record_lag_lines 3',
    'sallyport_record_healthy 0',
    'sallyport_catalogue_age_seconds{target="shop",database="shop"} 1.5',
    'sallyport_build_info{version="1.2.3"} 1',
  ]) {
    t.ok(page.includes(line), line)
  }
  t.notOk(page.includes('revision="a"'), 'only the active bundle is shown')
  lag = 7
  t.match(await metrics.page(), /record_lag_lines 7/)
  t.match(metrics.mediaType, /text\/plain/)
})

t.test('a flood of rule names does not grow the page without bound', async (t) => {
  const metrics = createMetrics({}, { process: false })
  for (let i = 0; i < 2000; i += 1) metrics.decided('deny', `rule/${i}`, 1, false)
  const page = await metrics.page()
  t.ok((page.match(/decisions_total\{/g) ?? []).length <= 501)
  t.match(page, /rule="other"} 1500/)
})
