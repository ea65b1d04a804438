// A disk that fails at any one of its calls, or a process that is killed there: no command is acknowledged
// that the record does not hold, the chain verifies, the gateway says why it denies, and goes on by itself.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { GatewayError } from '../../proxy/errors.js'
import { realDisk } from '../../proxy/recording/disk.js'
import type { Disk } from '../../proxy/recording/disk.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { outcomesOf } from '../../proxy/recording/recorded-outcomes.js'
import type { Recorder } from '../../proxy/recording/recorder.js'
import { createRecorder } from '../../proxy/recording/segment-writer.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { commandRecord, emptyDirectory, recorded } from '../proxy/recording/sample-record.js'

const CALLS = ['write', 'sync', 'rename', 'syncDirectory'] as const
type Call = (typeof CALLS)[number]
type Fault = {
  readonly call: Call
  readonly how: 'ENOSPC' | 'EIO' | 'short' | 'short, then ENOSPC'
  // Which of these calls, from 1; and how many after it.
  readonly nth: number
  readonly times: number
}

const problemOf = (code: string, call: Call): Error =>
  Object.assign(new Error(`${code}: made up, ${call}`), { code })

// Counts calls, and fails those that it is told to.
function faultyDisk(fault: Fault | undefined) {
  const counts: Record<Call, number> = { write: 0, sync: 0, rename: 0, syncDirectory: 0 }
  let happened = 0
  const fails = (call: Call): boolean => {
    counts[call] += 1
    if (fault?.call !== call) return false
    const is = counts[call] >= fault.nth && counts[call] < fault.nth + fault.times
    if (is) happened += 1
    return is
  }
  const code = fault?.how === 'EIO' ? 'EIO' : 'ENOSPC'
  let shortened = false
  const disk: Disk = {
    write(fd, bytes, position) {
      if (!fails('write')) return realDisk.write(fd, bytes, position)
      if (fault?.how === 'short' || (fault?.how === 'short, then ENOSPC' && !shortened)) {
        shortened = true
        return realDisk.write(fd, bytes.subarray(0, Math.max(1, bytes.length >> 1)), position)
      }
      throw problemOf(code, 'write')
    },
    sync(fd, done) {
      if (!fails('sync')) return realDisk.sync(fd, done)
      setTimeout(() => done(problemOf(code, 'sync')), 1)
    },
    rename(from, to) {
      if (fails('rename')) throw problemOf(code, 'rename')
      realDisk.rename(from, to)
    },
    syncDirectory(directory) {
      if (fails('syncDirectory')) throw problemOf(code, 'syncDirectory')
      realDisk.syncDirectory(directory)
    },
  }
  return { disk, counts, happened: () => happened }
}

const COMMANDS = 24
// Each kill costs the start of a process.
const KILLED_COMMANDS = 9

type Run = {
  readonly acknowledged: ReadonlySet<number>
  readonly refused: readonly unknown[]
  readonly health: readonly (readonly [boolean, string])[]
}

// Traffic with rotations, checkpoints, outcomes and both kinds of durability. Goes on after failures.
async function traffic(directory: string, disk: Disk): Promise<Run> {
  const health: [boolean, string][] = []
  const acknowledged = new Set<number>()
  const refused: unknown[] = []
  let recorder: Recorder | undefined
  for (let tries = 0; recorder === undefined && tries < 6; tries += 1) {
    recorder = await createRecorder({
      directory,
      disk,
      segmentBytes: 3_000,
      syncMs: 2,
      checkpointMs: 5,
      onHealth: (well, reason) => health.push([well, reason]),
    }).catch((problem: unknown) => {
      // Nothing was promised to anybody yet; who starts it again is the operator.
      health.push([false, problem instanceof Error ? problem.message : ''], [true, ''])
      if (!(problem instanceof GatewayError)) throw problem
      return undefined
    })
  }
  if (recorder === undefined) throw new Error('it never started')
  for (let n = 1; n <= COMMANDS; n += 1) {
    try {
      await recorded(recorder, commandRecord(n), n % 3 === 0 ? 'disk' : 'os')
      acknowledged.add(n)
      if (n % 4 !== 0) recorder.outcome({ session: 's1', command: n, result: 'done', rows: n })
    } catch (problem) {
      refused.push(problem)
    }
    for (let i = 0; i < 500 && !recorder.healthy(); i += 1) {
      await new Promise((done) => setTimeout(done, 10))
    }
    if (n % 6 === 0) await new Promise((done) => setTimeout(done, 10))
  }
  // The last call of all may be the one that fails: then that is said, and the next start mends it.
  await recorder.close().catch((problem: unknown) => {
    refused.push(problem)
    health.push([true, 'closed, and that it was not whole was told'])
  })
  return { acknowledged, refused, health }
}

async function wrongWith(directory: string, { acknowledged }: Pick<Run, 'acknowledged'>) {
  // A gateway starts on it, and ends it.
  await (await createRecorder({ directory })).close()
  const { ok, problem } = await verifyRecord({ directory })
  if (!ok) return `${problem?.file ?? ''}:${problem?.line ?? 0}: ${problem?.what ?? ''}`
  const missing = new Set(acknowledged)
  const open = new Set<number>()
  for await (const { line } of recordLines(directory)) {
    for (const { command } of outcomesOf(line)) {
      if (!open.delete(command)) return `an outcome without its command: ${command}`
    }
    if (line.kind !== 'command') continue
    missing.delete(line.command)
    open.add(line.command)
  }
  if (missing.size > 0) return `acknowledged and not there: ${[...missing].join(' ')}`
  return open.size > 0 ? `without outcome: ${[...open].join(' ')}` : undefined
}

t.setTimeout(300_000)

t.test('each call of the disk fails, one after another', async (t) => {
  const whole = faultyDisk(undefined)
  const good = emptyDirectory(t)
  const run = await traffic(good, whole.disk)
  t.same([run.acknowledged.size, run.refused, run.health], [COMMANDS, [], []])
  t.equal(await wrongWith(good, run), undefined)
  const faults: Fault[] = []
  for (const call of CALLS) {
    t.ok(whole.counts[call] >= 3, `${whole.counts[call]} times ${call}`)
    const ways =
      call === 'write'
        ? (['ENOSPC', 'EIO', 'short', 'short, then ENOSPC'] as const)
        : (['EIO', 'ENOSPC'] as const)
    for (const how of ways) {
      for (let nth = 1; nth <= whole.counts[call]; nth += 1) {
        faults.push({ call, how, nth, times: how === 'short, then ENOSPC' ? 2 : 1 })
        // A disk that stays so for a while, at every third.
        if (nth % 3 === 0 && how !== 'short') faults.push({ call, how, nth, times: 4 })
      }
    }
  }
  let happened = 0
  let denied = 0
  const wrong: string[] = []
  const one = async (fault: Fault): Promise<void> => {
    const name = `${fault.how} at ${fault.call} ${fault.nth}, ${fault.times} times`
    const directory = emptyDirectory(t)
    const faulty = faultyDisk(fault)
    const run = await traffic(directory, faulty.disk).catch((problem: unknown) => {
      wrong.push(`${name}: ${String(problem)}`)
      return undefined
    })
    if (faulty.happened() > 0) happened += 1
    if (run === undefined) return
    const found = await wrongWith(directory, run)
    if (found !== undefined) wrong.push(`${name}: ${found}`)
    denied += run.refused.length
    for (const problem of run.refused) {
      if (!(problem instanceof GatewayError) || !/made up|record/.test(problem.message)) {
        wrong.push(`${name}: refused without saying why: ${String(problem)}`)
      }
    }
    const last = run.health.at(-1)
    if (last !== undefined && !last[0]) wrong.push(`${name}: it did not recover`)
    if (run.health.some(([well, reason]) => !well && !/made up/.test(reason))) {
      wrong.push(`${name}: it did not say why: ${JSON.stringify(run.health)}`)
    }
  }
  const queue = [...faults]
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) await one(next)
    }),
  )
  t.same(wrong, [])
  t.ok(happened > faults.length * 0.8, `${happened} of ${faults.length} faults happened`)
  t.ok(denied > 0, `${denied} commands were denied meanwhile`)
})

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

// Kills itself at the n-th call: before it, or in the middle of a write.
const WRITER = `
  const { openSync, writeSync } = await import('node:fs')
  const { realDisk } = await import(${here('../../proxy/recording/disk.js')})
  const { createRecorder } = await import(${here('../../proxy/recording/segment-writer.js')})
  const { commandRecord } = await import(${here('../proxy/recording/sample-record.js')})
  const [directory, nth, half] = process.argv.slice(1)
  const told = openSync(directory + '/acknowledged', 'a')
  let calls = 0
  const here = (half) => {
    calls += 1
    if (calls !== Number(nth)) return
    half?.()
    process.kill(process.pid, 'SIGKILL')
    for (;;);
  }
  const disk = {
    write: (fd, bytes, at) => {
      here(half === 'half' ? () => realDisk.write(fd, bytes.subarray(0, bytes.length >> 1), at) : undefined)
      return realDisk.write(fd, bytes, at)
    },
    sync: (fd, done) => { here(); realDisk.sync(fd, done) },
    rename: (from, to) => { here(); realDisk.rename(from, to) },
    syncDirectory: (path) => { here(); realDisk.syncDirectory(path) },
  }
  const recorder = await createRecorder({ directory, disk, segmentBytes: 3000, syncMs: 2, checkpointMs: 5 })
  for (let n = 1; n <= ${KILLED_COMMANDS}; n += 1) {
    await new Promise((done, failed) => recorder.command(commandRecord(n), n % 3 === 0 ? 'disk' : 'os', (problem) => {
      if (problem !== undefined) return failed(problem)
      writeSync(told, n + ' ')
      done()
    }))
    if (n % 4 !== 0) recorder.outcome({ session: 's1', command: n, result: 'done', rows: n })
  }
  await recorder.close()
  writeSync(told, 'end')
`

async function killedAt(directory: string, nth: number, half: boolean): Promise<string> {
  const argv = ['--input-type=module', '-e', WRITER, directory, String(nth), half ? 'half' : '']
  const child = spawn(process.execPath, [...process.execArgv, ...argv], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise((resolve) => child.on('close', resolve))
  const told = join(directory, 'acknowledged')
  return existsSync(told) ? readFileSync(told, 'utf8') : ''
}

t.test('kill -9 at each call of the disk', async (t) => {
  const wrong: string[] = []
  let ended = false
  let kills = 0
  let next = 1
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      while (!ended) {
        const nth = next
        next += 1
        for (const half of nth % 2 === 0 ? [true] : [false]) {
          const directory = emptyDirectory(t)
          const told = await killedAt(directory, nth, half)
          if (told.endsWith('end')) ended = true
          else kills += 1
          const acknowledged = new Set(told.split(' ').slice(0, -1).map(Number))
          const found = await wrongWith(directory, { acknowledged })
          if (found !== undefined) wrong.push(`call ${nth}: ${found}`)
        }
      }
    }),
  )
  t.same(wrong, [])
  t.ok(kills > 20, `killed at ${kills} calls`)
})
