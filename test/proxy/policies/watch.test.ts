// Changes are noticed whether or not the system tells of them, and several at once count as one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { watched } from '../../../proxy/policies/watch.js'

const WAIT_MS = 30_000

function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-watch-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function until(test: Test, what: string, holds: () => boolean): Promise<void> {
  const started = Date.now()
  while (!holds() && Date.now() - started < WAIT_MS) await delay(10)
  test.ok(holds(), what)
}

t.test('several saves at once are one change', async (t) => {
  const folder = scratch(t)
  let changes = 0
  const watch = watched(folder, () => changes++)
  t.teardown(() => watch.close())
  await delay(50)
  for (let n = 0; n < 10; n++) writeFileSync(join(folder, `${n}.rego`), 'x')
  await until(t, 'noticed', () => changes > 0)
  t.equal(changes, 1)
})

t.test('what the system does not tell of is found by looking', async (t) => {
  // Nothing is there yet, so that there is nothing to be told about.
  const path = join(scratch(t), 'later.rego')
  let changes = 0
  const watch = watched(path, () => changes++, 50)
  t.teardown(() => watch.close())
  await delay(100)
  t.equal(changes, 0)
  writeFileSync(path, 'x')
  await until(t, 'its coming is noticed', () => changes === 1)
  writeFileSync(path, 'xx')
  await until(t, 'its change is noticed', () => changes === 2)
})

t.test('nothing is told once it is closed', async (t) => {
  const folder = scratch(t)
  let changes = 0
  const watch = watched(folder, () => changes++, 20)
  await delay(50)
  writeFileSync(join(folder, 'a.rego'), 'x')
  watch.close()
  await delay(400)
  t.equal(changes, 0)
})
