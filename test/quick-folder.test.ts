// The folder in memory: open to the accounts that servers run as, empty, and able to run programs.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import t from 'tap'
import { quickFolder } from './quick-folder.js'

t.test('it is as the system’s own folder for temporary files, or there is none', async (t) => {
  const folder = quickFolder()
  if (folder === undefined) return t.comment('no room in memory here')
  t.teardown(() => rmSync(folder, { recursive: true }))
  t.equal(statSync(folder).mode & 0o7777, 0o1777)
  t.same(readdirSync(folder), [])
})

t.test('what a run left behind that was killed is taken away', async (t) => {
  // No process has this number.
  const left = '/dev/shm/sallyport-test-999999999-abc'
  if (!existsSync('/dev/shm')) return t.comment('no memory to write to here')
  mkdirSync(left)
  const folder = quickFolder()
  if (folder !== undefined) rmSync(folder, { recursive: true })
  t.equal(existsSync(left), folder === undefined)
  rmSync(left, { recursive: true, force: true })
})
