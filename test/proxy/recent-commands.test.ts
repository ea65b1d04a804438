// The last commands of live sessions, as they are recorded, and nothing that lasts.
import t from 'tap'
import type { CommandRecord, Recorder } from '../../proxy/recording/recorder.js'
import { rememberingRecorder } from '../../proxy/recent-commands.js'

const how = ['os', () => undefined] as const

// Of a record's line no more is looked at than this.
const line = (session: string, command: number, text = `SELECT ${command}`): CommandRecord =>
  ({ session, command, text, go: true, decision: { action: 'allow' } }) as CommandRecord

function world() {
  const seen: unknown[] = []
  const inner = {
    command: (record: CommandRecord) => void seen.push(record),
    session: (event: unknown) => void seen.push(event),
  } as unknown as Recorder
  let ms = 0
  return { seen, ...rememberingRecorder(inner, { now: () => (ms += 1000) }) }
}

t.test('the few commands before one are told, oldest first', async (t) => {
  const { recorder, recent, seen } = world()
  recorder.session({ session: 's', event: 'opened' })
  for (let command = 1; command <= 20; command++) recorder.command(line('s', command), ...how)
  t.same(
    recent.before('s', 20).map(({ command }) => command),
    [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  )
  t.match(recent.before('s', 10), [{ command: 9, text: 'SELECT 9', action: 'allow', atMs: 9000 }])
  t.equal(seen.length, 21, 'and all of it goes on to the record')
})

t.test('long texts are cut, other sessions are not told, and the end forgets', async (t) => {
  const { recorder, recent } = world()
  recorder.session({ session: 's', event: 'opened' })
  recorder.command(line('s', 1, 'x'.repeat(100_000)), ...how)
  recorder.command(line('never opened', 1), ...how)
  t.equal(recent.before('s', 2)[0]?.text.length, 2001)
  t.same(recent.before('never opened', 2), [])
  recorder.session({ session: 's', event: 'closed' })
  t.same(recent.before('s', 2), [])
  t.equal(recent.sessions(), 0)
})
