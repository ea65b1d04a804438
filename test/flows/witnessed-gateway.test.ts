// A whole gateway with a witness and a place where its checkpoints are published: what it signed when it ended
// is witnessed and kept elsewhere, and its metrics tell how far behind they are.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startTestGateway } from '../peers/gateway.js'
import { startWitness } from '../peers/witness.js'
import { audit } from '../proxy/commands/audit-lab.js'
import { emptyDirectory } from '../proxy/recording/sample-record.js'

t.test('a gateway shows its checkpoints to witnesses and keeps them elsewhere', async (t) => {
  const record = join(emptyDirectory(t), 'record')
  const kept = join(emptyDirectory(t), 'kept.txt')
  const key = (): string => readFileSync(join(record, 'signing-key.pub'), 'utf8').trim()
  const witness = await startWitness(t, key, 'w.example/1')
  witness.answer = () => ({ status: 503, body: 'later' })
  const gateway = await startTestGateway({
    target: { name: 'shop', host: '127.0.0.1', port: 1, accounts: [{ user: 'x', password: 'x' }] },
    config: {
      record: {
        directory: record,
        checkpoint_ms: 100,
        erasable: true,
        witnesses: [{ key: witness.key, url: witness.url }],
        witness_required_ms: 60_000,
        publish: [{ file: kept }],
      },
    },
  })
  let stopped = false
  t.teardown(() => (stopped ? undefined : gateway.stop()))
  const metrics = async (): Promise<string> => (await fetch(`${gateway.webUrl}/metrics`)).text()
  const until = async (pattern: RegExp): Promise<string> => {
    for (let i = 0; i < 400; i += 1) {
      const page = await metrics()
      if (pattern.test(page)) return page
      await new Promise((done) => setTimeout(done, 25))
    }
    throw new Error(`waited in vain for ${String(pattern)}`)
  }
  await until(/sallyport_record_unwitnessed_lines [1-9]/)
  await until(/sallyport_witness_answers_total\{witness="w.example\/1",outcome="failed"\} [1-9]/)
  await until(
    /sallyport_checkpoints_published_total\{destination="file [^"]*",outcome="sent"\} [1-9]/,
  )
  t.match(await metrics(), /sallyport_record_healthy 1/)
  witness.answer = undefined
  await until(/sallyport_record_unwitnessed_lines 0/)
  await gateway.gateway.stop(0)
  const keys = join(emptyDirectory(t), 'keys.txt')
  writeFileSync(keys, `${witness.key}\n`)
  const found = await audit('/', 'verify', record, '--witness-key', keys, '--against', kept)
  t.match(found, { status: 0, stdout: /lines witnessed by w\.example\/1/ })
  t.notMatch(found.stdout, /not yet signed by the witnesses/, 'the last checkpoint went out, too')
  stopped = true
  await gateway.stop()
})
