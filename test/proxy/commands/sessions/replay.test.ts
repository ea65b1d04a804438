// `sessions replay` as somebody in front of a terminal, or a pipe, has it.
import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../../proxy/commands/sessions.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { commandRecord, emptyDirectory, recorded } from '../../recording/sample-record.js'
import { OPENED, sampleFilm } from '../../replay/film-lab.js'

async function sessions(
  argv: readonly string[],
  keys?: (press: (key: string) => void, text: () => string) => void,
) {
  let stdout = ''
  let stderr = ''
  const typed = new EventEmitter()
  const raw: boolean[] = []
  const isTTY = keys !== undefined
  const stdin = {
    isTTY,
    setRawMode: (on: boolean) => raw.push(on),
    on: (event: 'data', listener: (bytes: Buffer) => void) => typed.on(event, listener),
    off: (event: 'data', listener: (bytes: Buffer) => void) => typed.off(event, listener),
    resume: () =>
      keys?.(
        (key) => typed.emit('data', Buffer.from(key)),
        () => stdout,
      ),
    pause: () => undefined,
  }
  const status = await run(argv, {
    stdout: { write: (text: string) => ((stdout += text), true), isTTY, columns: 100 },
    stderr: { write: (text: string) => (stderr += text) },
    stdin,
    env: { NO_COLOR: '1' },
    cwd: '/',
  })
  return { status, stdout, stderr, raw, listeners: typed.listenerCount('data') }
}

t.test('in a pipe it is printed at once, without colours', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const { status, stdout } = await sessions(['replay', 'aa', '--record', directory])
  t.equal(status, 0)
  t.match(stdout, /aa-1 {2}closed\nalice \(human\) on shop from 10\.0\.0\.1/)
  t.match(stdout, 'shop=> SELECT 1')
  t.match(stdout, '✗ deny  destructive/no-where')
  t.match(stdout, /⏸ waited for .*: ap-1\n {2}approved by bob \(yes\)/)
  t.notMatch(stdout, '\u001b')
  t.match(stdout, 'there is no recording of what the client saw')
})

t.test('--from begins later, --format json gives the shape of the API', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const later = await sessions(['replay', 'aa-1', '--from', '3', '--record', directory])
  t.notMatch(later.stdout, 'SELECT 1')
  t.match(later.stdout, 'DROP TABLE x')
  const { stdout } = await sessions(['replay', 'aa-1', '--format', 'json', '--record', directory])
  const film = JSON.parse(stdout)
  t.match(film, {
    session: { id: 'aa-1', commands: 3 },
    entries: [{ command: 1 }, { command: 2 }, { command: 3 }],
  })
})

t.test('keys: n goes to the denial, q ends it, and the terminal is as it was', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  recorder.session({ session: 's1', ...OPENED })
  for (let n = 1; n <= 50; n++) {
    const refused = n === 40 ? { go: false, refusal: 'x/y: no' } : {}
    await recorded(recorder, commandRecord(n, refused))
  }
  await recorder.close()
  const played = await sessions(
    ['replay', 's1', '--speed', '0.01', '--record', directory],
    (press, text) => {
      const until = (what: string, then: () => void): void => {
        if (text().includes(what)) then()
        else setTimeout(() => until(what, then), 5)
      }
      until('#1 ', () => {
        press(' ')
        until('paused', () => {
          press('n')
          until('#40 ', () => press('q'))
        })
      })
    },
  )
  t.equal(played.status, 0)
  t.match(played.stdout, '── #40')
  t.notMatch(played.stdout, '── #41')
  t.notMatch(played.stdout, '── #39')
  t.same(played.raw, [true, false])
  t.equal(played.listeners, 0)
})

t.test('what is wrong is said, with the status that scripts look at', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const status = async (...argv: string[]) =>
    (await sessions(['replay', ...argv, '--record', directory])).status
  t.equal(await status('zz'), 1)
  t.equal(await status('aa', 'bb'), 2)
  t.equal(await status('aa', '--speed', '0'), 2)
  t.equal(await status('aa', '--speed', 'fast'), 2)
  t.equal(await status('aa', '--from', '0'), 2)
  t.equal(await status('aa', '--format', 'xml'), 2)
  t.equal(await status('aa', '--nothing'), 2)
  const { stderr } = await sessions(['replay', 'aa', '--under', 'no-such', '--record', directory])
  t.match(stderr, /no bundle no-such was kept beside the record/)
  writeFileSync(join(directory, 'broken.tar.gz'), 'x')
  const broken = await sessions([
    'replay',
    'aa',
    '--under',
    join(directory, 'broken.tar.gz'),
    '--record',
    directory,
  ])
  t.equal(broken.status, 1)
  t.match(broken.stderr, 'broken.tar.gz')
  const help = await sessions(['replay', '--help'])
  t.match(help.stdout, '--under BUNDLE')
})
