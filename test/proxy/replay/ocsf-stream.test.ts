// Events for a SIEM: each command once with what came of it, and valid by the published schema of OCSF.
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { exportedLines } from '../../../proxy/recording/export-record.js'
import { ocsfLines } from '../../../proxy/replay/ocsf-stream.js'
import { BUNDLE, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { all, OPENED, sampleFilm } from './film-lab.js'

const EVERYTHING = { fromMs: -Infinity, toMs: Infinity, session: undefined }

// A Python that has the packages ocsf-json-schema and jsonschema.
const python = process.env['SALLYPORT_OCSF_PYTHON'] ?? 'python3'
const VALIDATOR = `
import json, sys
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
import jsonschema
schema = OcsfJsonSchemaEmbedded(get_ocsf_schema('1.5.0'))
known = {}
for line in sys.stdin:
    event = json.loads(line)
    profiles = event['metadata'].get('profiles', [])
    key = (event['class_uid'], tuple(profiles))
    if key not in known:
        name = schema.lookup_class_name_from_uid(event['class_uid'])
        known[key] = jsonschema.Draft202012Validator(schema.get_class_schema(name, profiles))
    for problem in known[key].iter_errors(event):
        print(event['class_uid'], list(problem.path), problem.message[:200])
`
const missing =
  spawnSync(python, ['-c', 'import ocsf_json_schema, jsonschema']).status === 0
    ? false
    : 'no Python with ocsf-json-schema and jsonschema (SALLYPORT_OCSF_PYTHON)'

async function events(directory: string): Promise<readonly Record<string, unknown>[]> {
  const lines = await all(ocsfLines(exportedLines(directory, EVERYTHING)))
  return lines.map((line): Record<string, unknown> => JSON.parse(line))
}

async function everyKind(directory: string): Promise<void> {
  await sampleFilm(directory)
  const recorder = await createRecorder({ directory })
  recorder.bundle({ event: 'activated', bundle: BUNDLE, revision: 'abc', fuel: 5_000_000 })
  recorder.bundle({ event: 'refused', step: 'signatures', reason: 'not signed' })
  recorder.bundle({ event: 'pinned', bundle: BUNDLE, by: 'https://id u-1', reason: 'incident 7' })
  recorder.session({
    session: 'cc-3',
    ...OPENED,
    clientAddress: 'socket',
    event: 'refused',
    reason: 'token',
  })
  recorder.session({ session: 'dd-4', ...OPENED, clientAddress: '2001:db8::1' })
  const ops = [
    'read',
    'insert',
    'update',
    'delete',
    'create',
    'alter',
    'drop',
    'grant',
    'call',
    'copy_in',
    'copy_out',
    'set',
  ] as const
  for (const [i, op] of ops.entries()) {
    const { facts } = commandRecord(i + 1)
    const effects = [{ op, object: 'public.orders', kind: 'table' as const }]
    const command = { ...facts.command, effects }
    await recorded(
      recorder,
      commandRecord(i + 1, {
        session: 'dd-4',
        facts: { ...facts, command },
        decision: {
          action: 'mask-fields',
          rules: [{ id: 'a/b', message: 'm' }],
          masks: [{ match: 'label:pii', method: 'redact' }],
          limits: {},
        },
      }),
    )
    const sqlstate = i % 2 === 0 ? {} : { sqlstate: '42P01' }
    recorder.outcome({
      session: 'dd-4',
      command: i + 1,
      result: i % 2 === 0 ? 'done' : 'failed',
      ...sqlstate,
      rows: i,
      bytes: 10,
      durationUs: 2500,
      masked: 1,
    })
  }
  await recorder.close()
}

t.test('each command is one event, with what came of it', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const commands = (await events(directory)).filter((event) => event['class_uid'] === 6005)
  t.match(commands.map((event) => (event['query_info'] as { uid: string }).uid).sort(), [
    'aa-1/1',
    'aa-1/2',
    'aa-1/3',
    'bb-2/1',
  ])
  const of = (uid: string) =>
    commands.find((event) => (event['query_info'] as { uid: string }).uid === uid)
  t.match(of('aa-1/1'), { status: 'Success', action: 'Allowed', activity_name: 'Query' })
  t.match(of('aa-1/2'), {
    status: 'Failure',
    action: 'Denied',
    disposition: 'Blocked',
    severity: 'Medium',
    firewall_rule: { uid: 'destructive/no-where' },
  })
  t.match(of('aa-1/3'), { status_code: '42P01', disposition: 'Approved' })
  t.match(of('bb-2/1'), { status: 'Unknown' })
})

t.test('ids of events add up as OCSF says', async (t) => {
  const directory = emptyDirectory(t)
  await everyKind(directory)
  const found = await events(directory)
  for (const event of found) {
    const [uid, activity] = [Number(event['class_uid']), Number(event['activity_id'])]
    t.equal(event['type_uid'], uid * 100 + activity)
    t.equal(event['category_uid'], Math.floor(uid / 1000))
    t.match(event['metadata'], { version: '1.5.0', uid: String })
  }
  t.same(
    [...new Set(found.map((event) => event['class_uid']))].sort(),
    [2004, 3002, 6002, 6003, 6005],
  )
})

t.test('every event fits the published schema', { skip: missing }, async (t) => {
  const directory = emptyDirectory(t)
  await everyKind(directory)
  const lines = (await all(ocsfLines(exportedLines(directory, EVERYTHING)))).join('')
  const { stdout, stderr, status } = spawnSync(python, ['-c', VALIDATOR], {
    input: lines,
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.equal(stdout, '')
})
