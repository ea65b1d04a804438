// A session of 100,000 commands before a whole gateway: it is listed, opened, scrolled through, filtered and
// searched for its denials, and the page holds the rows in sight and asks for pages, never for commands one by
// one. How long the browser was busy is told, not judged: that depends on what else runs.
import t from 'tap'
import type { CommandRecord } from '../../proxy/recording/recorder.js'
import { createRecorder } from '../../proxy/recording/segment-writer.js'
import { missingChromium } from '../peers/chromium.js'
import { missingPostgres } from '../peers/postgres.js'
import type { ConsoleBrowser } from '../proxy/console/console-browser.js'
import { consoleWorld } from '../proxy/console/console-world.js'
import { ALLOW, BASE, BUNDLE, COMMAND, recorded } from '../proxy/recording/sample-record.js'

const COMMANDS = 100_000
const SESSION = 'a-very-long-session'
// Every so many commands one is refused; the last stands near the end.
const REFUSED_EVERY = 9_999
const MARCH = Date.parse('2026-03-02T08:00:00Z')
const EACH_MS = 100

const isRefused = (command: number): boolean => command % REFUSED_EVERY === 0
const refused = Math.floor(COMMANDS / REFUSED_EVERY)

function commandOf(command: number, base: CommandRecord['facts']['base']): CommandRecord {
  const deny = isRefused(command)
  return {
    session: SESSION,
    command,
    text: deny
      ? `UPDATE orders SET status = 'lost' -- at ${command}`
      : `SELECT id, status FROM orders WHERE id = ${command} -- ${'page '.repeat(command % 7)}`,
    redacted: false,
    go: !deny,
    facts: { base, command: COMMAND, overrides: {} },
    decision: deny
      ? {
          ...ALLOW,
          action: 'deny',
          rules: [{ id: 'destructive/update-without-where', message: 'every row would change' }],
        }
      : ALLOW,
    entrypoint: 'decision',
    bundle: BUNDLE,
  }
}

async function longSession(directory: string, issuer: string): Promise<void> {
  let now = MARCH
  const recorder = await createRecorder({
    directory,
    clock: { now: () => now, monotonicUs: () => now * 1_000 },
  })
  const base = {
    ...BASE,
    identity: { ...BASE.identity, issuer, subject: 'u-night', name: 'nightly', groups: [] },
    session: { ...BASE.session, id: SESSION },
  }
  const about = { session: SESSION, identity: base.identity, target: 'shop', database: 'shop' }
  recorder.session({ ...about, event: 'opened' })
  let waiting: Promise<void>[] = []
  for (let n = 1; n <= COMMANDS; n += 1) {
    now += EACH_MS
    const record = commandOf(n, base)
    waiting.push(recorded(recorder, record))
    if (record.go) {
      recorder.outcome({ session: SESSION, command: n, result: 'done', tag: 'SELECT 1', rows: 1 })
    }
    if (waiting.length < 1_000) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  recorder.session({ session: SESSION, event: 'closed', reason: 'done' })
  await recorder.close()
}

// However long it takes: what never comes ends with the test's own time.
async function until(page: ConsoleBrowser, expression: string): Promise<void> {
  while ((await page.evaluate(expression)) !== true) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const rowsThere = `document.querySelectorAll('.vrow').length`
const nodesThere = `document.querySelectorAll('main *').length`
const filmQuestions = `performance.getEntriesByType('resource')
  .filter(({ name }) => name.includes('/film?')).length`
const chosen = (command: number): string =>
  `document.querySelector('.stage')?.getAttribute('aria-label') === 'Command ${command}'`

t.test(
  'a session of 100,000 commands',
  { skip: missingChromium() || missingPostgres('embedded') },
  async (t) => {
    const { person, gateway } = await consoleWorld(t, {
      before: ({ recordDirectory, issuer }) => longSession(recordDirectory, issuer),
    })
    const page = await person('auditor')

    await page.go('/sessions?person=nightly', 'main table')
    await until(
      page,
      `document.querySelector('.table tbody tr')?.innerText.includes('100,000') === true`,
    )
    t.pass('it is listed with its number of commands, found by who it was')
    await page.evaluate(`{
      window.busy = []
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.busy.push(Math.round(duration))
      }).observe({ type: 'longtask', buffered: false })
      performance.setResourceTimingBufferSize(2000)
      performance.clearResourceTimings()
    }`)
    await page.evaluate(`document.querySelector('.row-link').click()`)
    await until(page, chosen(1))
    t.ok(Number(await page.evaluate(rowsThere)) < 60, 'it opens with the rows in sight')
    await until(page, `document.querySelector('.film-count').innerText === '100,000 commands'`)
    const asked = Number(await page.evaluate(filmQuestions))
    t.ok(asked <= 60, `all rows came in ${asked} pages`)

    await t.test('scrolling through all of it holds the rows in sight', async (t) => {
      const most = Number(
        await page.evaluate(`new Promise((resolve) => {
          const list = document.querySelector('.vlist')
          let [step, most] = [0, 0]
          const go = () => {
            most = Math.max(most, ${rowsThere})
            step += 1
            list.scrollTop = (list.scrollHeight / 60) * step
            if (step < 60) requestAnimationFrame(go)
            else resolve(most)
          }
          requestAnimationFrame(go)
        })`),
      )
      t.ok(most < 60, `${most} rows at most`)
      await page.evaluate(`document.querySelector('.vlist').focus()`)
      await page.press('End')
      await until(page, chosen(COMMANDS))
      t.ok(Number(await page.evaluate(nodesThere)) < 2_000, 'the page holds what is in sight')
      const more = Number(await page.evaluate(filmQuestions)) - asked
      t.ok(more <= 10, `${more} questions for what was looked at`)
    })

    await t.test('the next denial is one key away, wherever it is', async () => {
      await page.press('Home')
      await until(page, chosen(1))
      await page.press('n')
      await until(page, chosen(REFUSED_EVERY))
      await until(
        page,
        `document.querySelector('.side')?.innerText.includes('update-without-where') === true`,
      )
      await page.press('n')
      await until(page, chosen(2 * REFUSED_EVERY))
      await page.press('N')
      await until(page, chosen(REFUSED_EVERY))
    })

    await t.test('filters list what fits, and the address is of that list', async (t) => {
      await page.evaluate(`{
        const select = document.querySelector('.film-filter select')
        select.value = 'deny'
        select.dispatchEvent(new Event('change', { bubbles: true }))
      }`)
      await until(
        page,
        `document.querySelector('.film-count').innerText === '${refused} of 100,000 commands'`,
      )
      t.equal(await page.evaluate(rowsThere), refused)
      t.match(await page.evaluate('location.search'), 'only=deny')
      await page.evaluate(`document.querySelectorAll('.vrow')[${refused - 1}].click()`)
      await until(page, chosen(refused * REFUSED_EVERY))

      await page.evaluate(`{
        const select = document.querySelector('.film-filter select')
        select.value = ''
        select.dispatchEvent(new Event('change', { bubbles: true }))
      }`)
      await page.evaluate(`document.querySelector('.film-filter input').focus()`)
      await page.type('ID = 99242 orders')
      await until(
        page,
        `document.querySelector('.film-count').innerText === '1 of 100,000 commands'`,
      )
      await page.evaluate(`document.querySelector('.vrow').click()`)
      await until(page, chosen(99_242))
      await page.evaluate(`document.querySelector('.film-filter input').value = ''`)
      t.same(await page.findings(), [])
    })

    t.ok(Number(await page.evaluate(filmQuestions)) <= 90, 'and never a question for each command')
    t.same(
      page.complaints.filter(
        (words) => words.includes(gateway.webUrl) && !words.includes('/api/me'),
      ),
      [],
    )
    const busy = (await page.evaluate('window.busy')) as readonly number[]
    t.comment(
      `tasks of the page above 50 ms: ${busy.length}, the longest ${Math.max(0, ...busy)} ms`,
    )
  },
)
