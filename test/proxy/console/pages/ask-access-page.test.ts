// Access for a time and delegations in the console, before a whole gateway: asked for with a reason on a phone,
// approved, used, ended; a right to approve given and taken back. Words of others stay words.
import pg from 'pg'
import t, { type Test } from 'tap'
import { missingChromium } from '../../../peers/chromium.js'
import { missingPostgres } from '../../../peers/postgres.js'
import type { ConsoleBrowser } from '../console-browser.js'
import { consoleWorld } from '../console-world.js'

const skip = missingChromium() || missingPostgres('embedded')
const HOSTILE = '<img src=x onerror="window.hacked=1">\u202e\u001b[31m'

const main = async (page: ConsoleBrowser): Promise<string> =>
  String(await page.evaluate(`document.querySelector('main').innerText`))

async function typed(page: ConsoleBrowser, selector: string, text: string): Promise<void> {
  await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`)
  await page.type(text)
}

async function shown(t: Test, page: ConsoleBrowser, where: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.scheme(scheme)
    t.same(await page.findings(), [], `${where} can be used by everybody in ${scheme}`)
  }
  t.same(await page.tooWide(), [], `${where} fits`)
}

t.test('access for a time, asked for on a phone', { skip }, async (t) => {
  const { gateway, person } = await consoleWorld(t, { labels: { access: 'jit' } })
  const ours = (words: string): boolean =>
    words.includes(gateway.webUrl) && !words.includes('/api/me')

  const asking = await person('engineer', { size: 'phone', path: '/approvals/access' })
  await asking.until(`document.querySelector('.page-head a[href="/approvals/ask"]') !== null`)
  await asking.evaluate(`document.querySelector('.page-head a[href="/approvals/ask"]').click()`)
  await asking.until(`document.querySelector('datalist option[value=shop]') !== null`)
  t.equal(
    await asking.evaluate(`document.querySelector('.form-card [type=submit]').disabled`),
    true,
    'nothing is asked without a reason',
  )
  await typed(asking, '.form-card input[type=text]', 'shop')
  await typed(asking, '.form-card textarea', `ticket OPS-4411 ${HOSTILE}`)
  await asking.evaluate(`{
    const select = document.querySelector('.form-card select')
    select.value = '30'
    select.dispatchEvent(new Event('change', { bubbles: true }))
  }`)
  await shown(t, asking, 'the form')
  await asking.evaluate(`document.querySelector('.form-card [type=submit]').click()`)
  await asking.until(`location.pathname !== '/approvals/ask'`)
  const path = String(await asking.evaluate('location.pathname'))

  const approving = await person('approver', { path })
  await approving.until(`document.querySelector('.button-allow') !== null`)
  t.match(await main(approving), /ticket OPS-4411 <img/, 'the reason is text')
  t.equal(await approving.evaluate('window.hacked ?? 0'), 0)
  t.equal(await approving.evaluate(`document.querySelectorAll('main img').length`), 0)
  await approving.evaluate(`document.querySelector('.button-allow').click()`)
  await approving.until(`document.querySelector('.answer-done') !== null`)

  await asking.go('/approvals/access', '.grant')
  t.match(await main(asking), /engineer[\s\S]*on[\s\S]*shop[\s\S]*OPS-4411/, 'it stands')
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'engineer',
    password: await gateway.token('engineer'),
    database: 'shop',
  })
  const lost = new Promise<Error>((resolve) => client.on('error', resolve))
  await client.connect()
  t.equal((await client.query('SELECT 40 + 2 AS answer')).rows[0]?.answer, 42)

  await asking.evaluate(`document.querySelector('.grant-buttons button').click()`)
  await asking.until(`document.querySelector('dialog[open] input') !== null`)
  await typed(asking, 'dialog input', 'done with it')
  await asking.press('Enter')
  t.match((await lost).message, /done with it|ended|over/, 'what rested on it is ended')
  await asking.until(`document.querySelector('.grant-buttons button') === null`)

  await asking.go('/approvals/ask?target=nowhere', '.form-card')
  await typed(asking, '.form-card textarea', 'why not')
  await asking.evaluate(`document.querySelector('.form-card [type=submit]').click()`)
  await asking.until(`document.querySelector('.form-card [role=alert]').innerText !== ''`)
  t.match(await main(asking), /nowhere/, 'a target that is none is told')
  t.same(
    asking.complaints.filter(ours).filter((words) => !/status of 4\d\d/.test(words)),
    [],
  )
})

t.test('the right to approve is given for a time, and taken back', { skip }, async (t) => {
  const { gateway, person } = await consoleWorld(t)
  const page = await person('approver', { size: 'phone' })
  await page.go('/approvals/delegations', '.form-card')
  await page.until(`document.querySelector('.empty') !== null`)
  await typed(page, 'input[name=to]', 'u-lin<b>')
  await typed(page, 'input[name=reason]', `away ${HOSTILE}`)
  await page.evaluate(`document.querySelector('.form-card [type=submit]').click()`)
  await page.until(`document.querySelector('.delegation') !== null`)
  t.match(await main(page), /You[\s\S]*to[\s\S]*u-lin<b>[\s\S]*away <img/)
  t.equal(await page.evaluate('window.hacked ?? 0'), 0)
  await shown(t, page, 'delegations')
  // Without the token of our own page nothing is given or taken.
  const forged = await page.evaluate(`fetch('/api/delegations', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: { subject: 'eve' }, for_ms: 60000, reason: 'x' }),
  }).then(({ status }) => status)`)
  t.equal(forged, 403)
  const asked = await page.evaluate(`fetch('/api/approvals', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ target: 'shop', reason: 'x' }),
  }).then(({ status }) => status)`)
  t.equal(asked, 403)

  const other = await person('auditor', { path: '/approvals/delegations' })
  await other.until(`document.querySelector('.empty') !== null`)
  t.notMatch(await main(other), /u-lin/, 'it is nobody else’s to see')
  const id = await page.evaluate(
    `fetch('/api/delegations').then((answer) => answer.json()).then(({ delegations }) => delegations[0].id)`,
  )
  const stolen = await other.evaluate(`fetch('/api/me').then((me) => me.json()).then(({ csrf }) =>
    fetch('/api/delegations/${String(id)}', { method: 'DELETE', headers: { 'x-csrf-token': csrf } }))
    .then(({ status }) => status)`)
  t.equal(stolen, 404, 'nor to take back')

  await page.evaluate(`document.querySelector('.delegation button').click()`)
  await page.until(`document.querySelector('.delegation button') === null`)
  t.match(await main(page), /ended/)
  t.same(
    page.complaints
      .filter((words) => words.includes(gateway.webUrl) && !words.includes('/api/me'))
      .filter((words) => !words.includes('status of 403')),
    [],
  )
})
