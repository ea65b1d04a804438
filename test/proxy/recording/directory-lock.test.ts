// One process a record, whatever the last one left behind.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { lockDirectory } from '../../../proxy/recording/directory-lock.js'
import { emptyDirectory } from './sample-record.js'

const lock = (directory: string, holder: object): string => {
  const path = join(directory, 'lock')
  writeFileSync(path, JSON.stringify(holder))
  return path
}

t.test('a living process keeps its record, and the message names it', async (t) => {
  const directory = emptyDirectory(t)
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      '--input-type=module',
      '-e',
      `const { lockDirectory } = await import(${JSON.stringify(new URL('../../../proxy/recording/directory-lock.js', import.meta.url).href)})
       await lockDirectory(process.argv[1]); console.log('locked'); setInterval(() => {}, 1000)`,
      directory,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.teardown(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await t.rejects(lockDirectory(directory), {
    code: 'conflict',
    message: new RegExp(`process ${child.pid}`),
  })
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
  const unlock = await lockDirectory(directory)
  unlock()
  t.notOk(existsSync(join(directory, 'lock')))
})

t.test('a number that another process has now is not the holder', async (t) => {
  const directory = emptyDirectory(t)
  if (!existsSync('/proc/self/stat')) {
    t.comment('process numbers cannot be told apart here')
    return
  }
  lock(directory, { pid: process.ppid, started: '1', host: hostname() })
  const unlock = await lockDirectory(directory)
  t.match(readFileSync(join(directory, 'lock'), 'utf8'), `"pid":${process.pid}`)
  unlock()
})

t.test('this process’s own number from before a restart of its container is not it', async (t) => {
  const directory = emptyDirectory(t)
  lock(directory, { pid: process.pid, started: '1', host: hostname() })
  ;(await lockDirectory(directory))()
})

t.test(
  'a holder elsewhere is there while it touches its lock, and gone when it stops',
  async (t) => {
    const directory = emptyDirectory(t)
    const path = lock(directory, { pid: 1, started: '1', host: 'elsewhere' })
    await t.rejects(lockDirectory(directory), { code: 'conflict', message: /elsewhere/ })
    const before = new Date(Date.now() - 60_000)
    utimesSync(path, before, before)
    ;(await lockDirectory(directory))()
  },
)

t.test('a lock that is not one does not lock anybody out', async (t) => {
  const directory = emptyDirectory(t)
  writeFileSync(join(directory, 'lock'), '{"pid":')
  ;(await lockDirectory(directory))()
})
