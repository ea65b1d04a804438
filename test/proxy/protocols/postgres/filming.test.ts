// What the relay tells a recording: exactly what went to the client, under the command whose answer it was,
// however many are under way; nothing of what is not to be recorded; and no more than the disk takes.
import t from 'tap'
import { WireClient } from '../../../conformance/wire-client.js'
import { eventually } from '../../../peers/film-reader.js'
import { missingPostgres, startPostgres } from '../../../peers/postgres.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import type { Frame } from '../../../../proxy/recordings/film.js'
import { frameReader } from '../../../../proxy/recordings/postgres-frames.js'
import { termsFrom } from '../../../../proxy/recordings/terms.js'
import type { Tape } from '../../../../proxy/session-tape.js'
import { ALLOW, decided, startArena } from './relay-arena.js'

const skip = missingPostgres('embedded')

type HandTape = Tape & {
  readonly frames: Frame[]
  bytes: number
  isFull: boolean
  problem?: string
}

function handTape(): HandTape {
  const reader = frameReader()
  const tape: HandTape = {
    frames: [],
    bytes: 0,
    isFull: false,
    onDrain: () => undefined,
    onFailure: () => undefined,
    command: (command, text) => void tape.frames.push({ at: 0, kind: 'command', command, text }),
    turn: reader.turn,
    shape: (command, formats, description = Buffer.alloc(0)) => {
      if (!reader.shape(command, formats, Buffer.from(description))) tape.problem = 'a bad shape'
    },
    wire: (bytes, start, end) => {
      tape.bytes += end - start
      const frames = reader.wire(0, Buffer.from(bytes.subarray(start, end)))
      if (frames === undefined) tape.problem = 'no messages'
      else tape.frames.push(...frames)
    },
    cut: (command, why) => void tape.frames.push({ at: 0, kind: 'cut', command, why }),
    require: () => undefined,
    left: () => Infinity,
    full: () => tape.isFull,
    failed: () => undefined,
    close: () => undefined,
  }
  return tape
}

t.test('films', { skip }, async (t) => {
  const server = await startPostgres({
    kind: 'embedded',
    hba: ['host all all 127.0.0.1/32 trust'],
  })
  const at = { host: server.host, port: server.port, user: 'postgres' }
  const setup = await opened(server.port, 'postgres')
  await setup.exchange(
    message(
      'Q',
      "create table people as select n as id, '123-45-6789' as ssn from generate_series(1, 50) n",
    ),
  )
  setup.end()
  let tape = handTape()
  const arena = await startArena(at, {
    tapeFor: () => (tape = handTape()),
    recordings: {
      termsOf: termsFrom({ level: 'results', rows: 5, bytes: 10_000, required: false }),
      trouble: () => undefined,
    },
  })
  t.teardown(async () => {
    await arena.close()
    await server.stop()
  })
  const client = (): Promise<Client> => opened(arena.port, 'x')
  const told = (command: number): readonly string[] =>
    tape.frames
      .filter((frame) => frame.command === command)
      .map((frame) => {
        switch (frame.kind) {
          case 'rows':
            return `rows ${frame.rows.map((row) => row.join(',')).join(' ')}`
          case 'done':
            return frame.tag
          case 'error':
            return `error ${frame.sqlstate}`
          case 'command':
          case 'columns':
          case 'notice':
          case 'cut':
            return frame.kind
        }
      })
  const bound = (n: number): Buffer =>
    Buffer.concat([
      message('B', '', 'one', 0, 1, Buffer.from([0, 0, 0, 1, 0x30 + n]), 0),
      message('E', '', Buffer.alloc(4)),
    ])

  await t.test('answers of a pipeline are told apart, described once or never', async (t) => {
    const one = await client()
    await one.exchange(
      message('P', 'one', 'select id, $1::text as word from people where id < 3 order by id', 0),
      message('D', Buffer.from('S'), 'one'),
      message('S'),
    )
    await one.exchange(bound(1), bound(2), bound(3), message('S'))
    for (const n of [1, 2, 3]) {
      t.same(told(n), ['command', `rows 1,${n} 2,${n}`, 'SELECT 2'])
    }
    t.equal(tape.problem, undefined)
    one.end()
  })

  await t.test('several statements in one message are told apart, denied ones too', async (t) => {
    const one = await client()
    await one.exchange(message('Q', 'select 1; select 2, 3; select id from people'))
    t.same(told(1), ['command', 'columns', 'rows 1', 'SELECT 1'])
    t.same(told(2), ['command', 'columns', 'rows 2,3', 'SELECT 1'])
    t.same(told(3), ['command', 'columns', 'rows 1 2 3 4 5', 'cut', 'SELECT 50'])
    arena.decide = () => ({ ...ALLOW, action: 'deny', rules: [{ id: 'x/y', message: 'no' }] })
    await one.exchange(message('Q', 'select 4'))
    arena.decide = decided
    await one.exchange(message('Q', 'select 5'))
    t.same(told(4), ['command', 'error 42501'])
    t.same(told(5), ['command', 'columns', 'rows 5', 'SELECT 1'])
    one.end()
  })

  await t.test('masked rows are recorded masked, and nothing that stayed here', async (t) => {
    const one = await client()
    await one.exchange(message('Q', 'select ssn, id from people where id < 3'))
    t.same(told(1), ['command', 'columns', 'rows ****,1 ****,2', 'SELECT 2'])
    t.notOk(JSON.stringify(tape.frames).includes('current_schemas'))
    one.end()
  })

  await t.test('what is to be recorded is a matter of each command’s decision', async (t) => {
    const one = await client()
    const terms = [
      { level: 'none' },
      { level: 'commands' },
      { level: 'results', rows_max: 1 },
      { level: 'results', bytes_max: 30 },
    ] as const
    for (const [i, record] of terms.entries()) {
      // Another text each time: decisions are kept.
      arena.decide = () => ({ ...ALLOW, record })
      await one.exchange(
        message('Q', `select id from people where id < 4 and ${i} = ${i} order by id`),
      )
    }
    arena.decide = decided
    await one.exchange(message('Q', 'select 7'))
    t.same(told(1), [])
    t.same(told(2), ['command', 'columns', 'cut', 'SELECT 3'])
    t.same(told(3), ['command', 'columns', 'rows 1', 'cut', 'SELECT 3'])
    t.same(told(4), ['command', 'columns', 'rows 1 2', 'cut', 'SELECT 3'])
    t.same(told(5), ['command', 'columns', 'rows 7', 'SELECT 1'])
    one.end()
  })

  await t.test(
    'an answer that the gateway cuts off ends with its error, beyond the bound too',
    async (t) => {
      const one = await client()
      arena.decide = () => ({ ...ALLOW, limits: { rows_max: 20 } })
      await one.exchange(message('Q', 'select id as limited from people'))
      arena.decide = decided
      t.same(told(1), ['command', 'columns', 'rows 1 2 3 4 5', 'cut', 'error 54000'])
      one.end()
    },
  )

  await t.test(
    'a held command is in the film when it was sent, with the wait and its end',
    async (t) => {
      const one = await client()
      arena.decide = () => ({
        ...ALLOW,
        action: 'require-approval',
        rules: [{ id: 'x/held', message: 'held' }],
        approval: {
          approvers: ['a'],
          quorum: 1,
          expires_ms: 60_000,
          reason_required: false,
          scope: 'command',
        },
      })
      arena.holds.length = 0
      const answer = one.exchange(message('Q', 'select id as held from people where id = 1'))
      await eventually(() => (told(1).includes('notice') ? true : undefined), 'a notice')
      t.same(told(1), ['command', 'notice'])
      arena.decide = decided
      arena.holds[0]?.settle({ outcome: 'denied', by: 'a', reason: 'no' })
      await answer
      t.same(told(1), ['command', 'notice', 'error 42501'])
      one.end()
    },
  )

  await t.test(
    'a recording that cannot follow holds the answer up, and then lets it go on',
    async (t) => {
      const one = await client()
      await one.exchange(message('Q', 'select 1'))
      tape.isFull = true
      const before = tape.bytes
      const answer = one.exchange(
        message('Q', "select repeat('x', 1000) from generate_series(1, 20000)"),
      )
      let settled = false
      void answer.then(() => (settled = true))
      await eventually(() => tape.bytes > before || undefined, 'the first bytes')
      let last = -1
      // Until nothing more comes.
      await eventually(() => {
        const still = last === tape.bytes
        last = tape.bytes
        return still || undefined
      }, 'a pause')
      t.notOk(settled)
      tape.isFull = false
      tape.onDrain()
      await answer
      t.equal(told(2).at(-1), 'SELECT 20000')
      one.end()
    },
  )
})

type Client = {
  // Sends all of it, and waits for one ReadyForQuery.
  readonly exchange: (...messages: readonly Buffer[]) => Promise<unknown>
  readonly end: () => void
}

async function opened(port: number, user: string): Promise<Client> {
  const wire = await WireClient.open('127.0.0.1', port)
  await wire.login([['user', user]], '', undefined, 5000)
  return {
    exchange: (...messages) => wire.exchange(Buffer.concat(messages), 'Z', 1, 30_000),
    end: () => wire.end(),
  }
}
