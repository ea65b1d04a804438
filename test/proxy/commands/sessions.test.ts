// What an operator sees of recorded sessions.
import t from 'tap'
import { run } from '../../../proxy/commands/sessions.js'
import type { Recorder } from '../../../proxy/recording/recorder.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { ALLOW, BASE, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'

async function sessions(cwd: string, argv: readonly string[], isTTY = false) {
  let stdout = ''
  let stderr = ''
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text), isTTY },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    cwd,
  })
  return { status, stdout, stderr }
}

function approval(recorder: Recorder, event: 'requested' | 'approved' | 'used', by?: string) {
  return new Promise<void>((resolve, reject) => {
    const at = { session: 'abc-1', command: 3 }
    const who = by === undefined ? {} : { by, reason: 'ticket 7' }
    recorder.approval({ approval: 'ap-1', event, ...at, ...who }, (failure) =>
      failure === undefined ? resolve() : reject(failure),
    )
  })
}

async function sample(directory: string): Promise<void> {
  const recorder = await createRecorder({ directory })
  const opened = {
    event: 'opened',
    identity: BASE.identity,
    target: 'shop',
    database: 'shop',
  } as const
  recorder.session({ session: 'abc-1', ...opened, clientAddress: '10.0.0.1', application: 'psql' })
  await recorded(recorder, commandRecord(1, { session: 'abc-1', text: 'SELECT\n\u001b[31m 1' }))
  recorder.outcome({
    session: 'abc-1',
    command: 1,
    result: 'done',
    tag: 'SELECT 1',
    rows: 1,
    masked: 2,
    durationUs: 1500,
  })
  const rules = [{ id: 'destructive/no-where', message: 'no' }]
  await recorded(
    recorder,
    commandRecord(2, {
      session: 'abc-1',
      go: false,
      decision: { ...ALLOW, action: 'deny', rules },
    }),
  )
  await approval(recorder, 'requested')
  await approval(recorder, 'approved', 'bob')
  await approval(recorder, 'used')
  const decision = { ...ALLOW, action: 'require-approval' } as const
  await recorded(recorder, commandRecord(3, { session: 'abc-1', decision, approval: 'ap-1' }))
  recorder.outcome({ session: 'abc-1', command: 3, result: 'failed', sqlstate: '42P01' })
  recorder.session({ session: 'abc-1', event: 'closed' })
  recorder.session({ session: 'abd-2', event: 'refused', identity: BASE.identity, reason: 'token' })
  recorder.session({ session: 'xyz-3', ...opened })
  await recorded(recorder, commandRecord(1, { session: 'xyz-3' }))
  await recorder.close()
}

t.test('list shows who, where, how many and how it ended', async (t) => {
  const directory = emptyDirectory(t)
  await sample(directory)
  const { status, stdout } = await sessions('/', ['list', '--record', directory])
  t.equal(status, 0)
  const [head, first, second, third] = stdout.split('\n')
  t.match(head, /SESSION +OPENED \(UTC\) +WHO +KIND +TARGET +COMMANDS +REFUSED +STATE/)
  t.match(first, /abc-1 .*alice +human +shop +3 +1 +closed/)
  t.match(second, /abd-2 .*alice .*0 +0 +refused/)
  t.match(third, /xyz-3 .*1 +0 +open/)
  const json = await sessions('/', ['list', '--record', directory, '--format', 'json'])
  t.match(JSON.parse(json.stdout), [{ session: 'abc-1', commands: 3 }, {}, {}])
})

t.test('show tells each command, decision, approval and outcome', async (t) => {
  const directory = emptyDirectory(t)
  await sample(directory)
  const { status, stdout } = await sessions('/', ['show', 'abc', '--record', directory])
  t.equal(status, 0)
  t.match(stdout, /alice \(human\) on shop with psql from 10\.0\.0\.1/)
  t.match(
    stdout,
    /#1 .*allow\n   SELECT \ufffd\[31m 1\n   → done, SELECT 1, 1 row\(s\), 2 masked, 1\.5 ms/,
  )
  t.match(stdout, /#2 .*deny  destructive\/no-where\n.*\n   ✗ did not run/)
  t.match(
    stdout,
    /#3 .*require-approval\n.*\n   approval ap-1: requested, approved by bob \(ticket 7\), used\n   → failed, 42P01/,
  )
  t.notMatch(stdout, '\u001b', 'no colour where nobody looks, and nothing from the client')
  const tty = await sessions('/', ['show', 'abc', '--record', directory], true)
  t.match(tty.stdout, '\u001b[31mdeny')
  t.notMatch(tty.stdout, '\u001b[31m 1')
})

t.test('a command whose gateway ended before its outcome is unknown', async (t) => {
  const directory = emptyDirectory(t)
  await sample(directory)
  await (await createRecorder({ directory })).close()
  const { stdout } = await sessions('/', ['show', 'xyz-3', '--record', directory])
  t.match(stdout, /xyz-3  ended with the gateway/)
  t.match(stdout, /→ unknown/)
})

t.test('an id that is unknown or not enough is said so', async (t) => {
  const directory = emptyDirectory(t)
  await sample(directory)
  const show = (id: string) => sessions('/', ['show', id, '--record', directory])
  t.match(await show('nope'), { status: 1, stderr: /no session nope/ })
  t.match(await show('ab'), { status: 1, stderr: /2 sessions begin with ab/ })
  for (const argv of [[], ['show'], ['list', 'x'], ['list', '--format', 'xml'], ['list', '--x']]) {
    t.equal((await sessions('/', argv)).status, 2)
  }
})
