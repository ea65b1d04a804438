// The folder in memory: open to the accounts that servers run as, empty, and able to run programs.
import { readdirSync, rmSync, statSync } from 'node:fs'
import t from 'tap'
import { quickFolder } from './quick-folder.js'

t.test('it is as the system’s own folder for temporary files, or there is none', async (t) => {
  const folder = quickFolder()
  if (folder === undefined) return t.comment('no room in memory here')
  t.teardown(() => rmSync(folder, { recursive: true }))
  t.equal(statSync(folder).mode & 0o7777, 0o1777)
  t.same(readdirSync(folder), [])
})
