// kill -9 at any moment: whatever was acknowledged is in the record, and the record goes on.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { recordLines } from '../../proxy/recording/read-record.js'
import { outcomesOf } from '../../proxy/recording/recorded-outcomes.js'
import { createRecorder } from '../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../proxy/recording/segment.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { emptyDirectory } from '../proxy/recording/sample-record.js'

// The issue's own number is 200; each costs the start of a process.
const KILLS = 50
// A loaded machine takes a second for each start.
const TIMEOUT_MS = 240_000
const RUNNERS = 2
const ACKNOWLEDGED = 'acknowledged'

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

// Appends as fast as it can, many commands in flight, and writes down which were acknowledged, by a
// synchronous write, so that nothing it said can be lost with it.
const WRITER = `
  const { openSync, writeSync } = await import('node:fs')
  const { createRecorder } = await import(${here('../../proxy/recording/segment-writer.js')})
  const { commandRecord } = await import(${here('../proxy/recording/sample-record.js')})
  const [directory, first, file] = process.argv.slice(1)
  const acknowledged = openSync(file, 'a')
  const recorder = await createRecorder({ directory, segmentBytes: 200000, syncMs: 5, checkpointMs: 100 })
  let n = Number(first)
  let told = []
  const next = () => {
    const command = (n += 1)
    recorder.command(commandRecord(command), command % 10 === 0 ? 'disk' : 'os', (failure) => {
      if (failure !== undefined) throw failure
      told.push(command)
      if (command % 3 !== 0) recorder.outcome({ session: 's1', command, result: 'done', rows: 1 })
      setImmediate(next)
    })
  }
  const say = () => {
    if (told.length > 0) writeSync(acknowledged, told.join(' ') + ' ')
    told = []
    setImmediate(say)
  }
  for (let i = 0; i < 16; i += 1) next()
  say()
  console.log('under way')
`

async function killedRun(directory: string, first: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      ...['--input-type=module', '-e', WRITER, directory, String(first)],
      join(directory, ACKNOWLEDGED),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  // From its first word on, at a moment of nobody's choosing.
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * 120))
  await new Promise((resolve) => child.on('close', resolve))
}

t.setTimeout(TIMEOUT_MS)
t.test(
  `killed ${KILLS} times under load, the record holds all that was acknowledged`,
  { timeout: TIMEOUT_MS },
  async (t) => {
    const directories = Array.from({ length: RUNNERS }, () => emptyDirectory(t))
    let total = 0
    await Promise.all(
      directories.map(async (directory) => {
        for (let run = 0; run < KILLS / RUNNERS; run += 1) {
          await killedRun(directory, run * 1_000_000)
        }
        const told = readFileSync(join(directory, ACKNOWLEDGED), 'utf8')
        const acknowledged = new Set(told.split(' ').slice(0, -1).map(Number))
        const recorder = await createRecorder({ directory })
        await recorder.close()
        const { ok, problem } = await verifyRecord({ directory })
        t.equal(ok, true, problem === undefined ? 'the chain verifies' : JSON.stringify(problem))
        const missing = new Set(acknowledged)
        const open = new Set<number>()
        for await (const { line } of recordLines(directory)) {
          for (const { command } of outcomesOf(line)) {
            if (!open.delete(command)) t.fail('an outcome without intent')
          }
          if (line.kind === 'command') {
            missing.delete(line.command)
            open.add(line.command)
          }
        }
        t.equal(missing.size, 0, 'every acknowledged command is there')
        t.equal(open.size, 0, 'each is done, or visibly unknown')
        t.ok(acknowledged.size > 1000, `${acknowledged.size} acknowledged`)
        t.ok(segmentNames(directory).length > KILLS / RUNNERS)
        t.notOk(existsSync(join(directory, 'lock')))
        total += acknowledged.size
      }),
    )
    t.comment(`${total} acknowledged commands`)
  },
)
