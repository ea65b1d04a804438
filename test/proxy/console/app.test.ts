// Every page of the console in a real browser, under the content policy that the gateway sends: in light and
// dark, on a desk and on a small phone. Nobody is shut out, nothing complains, and text stays text.
import t from 'tap'
import { missingChromium } from '../../peers/chromium.js'
import { openConsole, type Scheme } from './console-browser.js'
import { startSampleGateway } from './sample-gateway.js'

const PAGES: readonly (readonly [path: string, ready: string])[] = [
  ['/approvals', '.inbox-item'],
  ['/approvals?status=all', '.inbox-item'],
  ['/approvals/QM4T8Z2W', '.approval .sql'],
  ['/approvals/H0ST1LE9', '.answer-done'],
  ['/approvals/N0THERE1', '.problem'],
  ['/approvals/access', '.grant'],
  ['/approvals/ask?target=shop', '.form-card'],
  ['/approvals/delegations', '.delegation'],
  ['/sessions', '.table'],
  ['/sessions?state=live&person=nobody', '.empty'],
  ['/sessions/film?at=8', '.stage .result'],
  ['/sessions/film?at=3', '.stage .told-error'],
  [`/sessions/film?under=sha256%3A${'b'.repeat(64)}&at=10`, '.parting'],
  ['/sessions/live', '.stage'],
  ['/sessions/empty', '.empty'],
  ['/search', '.empty'],
  ['/search?label=pii', '.hit'],
  ['/search?q=nothing', '.empty'],
  ['/policies', '.history'],
  ['/policies/rules', '.rule-line'],
  ['/policies/rules?never=yes', '.rule-quiet'],
  ['/policies/shadow', '.flips'],
  ['/policies/diff', '.diff-line'],
  ['/try', '.empty'],
  ['/try#sql=UPDATE+customers+SET+ssn&kind=agent', '.tried'],
  ['/who-can#sql=SELECT+ssn+FROM+customers', '.table'],
  ['/targets', '.grid-cards'],
  ['/health', '.grid-cards'],
  ['/nowhere/at/all', '.empty'],
]

t.test('every page', { skip: missingChromium() }, async (t) => {
  const gateway = await startSampleGateway()
  t.teardown(gateway.close)
  const page = await openConsole(t, gateway.url)
  const unfit = async (path: string, scheme: Scheme): Promise<readonly string[]> =>
    (await page.findings()).map((finding) => `${path} in ${scheme}: ${finding}`)
  for (const [path, ready] of PAGES) {
    await page.go(path, ready)
    const found = await unfit(path, 'light')
    await page.scheme('dark')
    t.same([...found, ...(await unfit(path, 'dark'))], [], `${path} can be used by everybody`)
    await page.scheme('light')
    await page.size('small')
    t.same(await page.tooWide(), [], `${path} fits a screen of 360 pixels`)
    await page.size('desk')
    t.match(await page.evaluate('document.title'), /^\(2\) .+ · Sallyport$/, `${path} has a title`)
  }
  await page.evaluate(`document.querySelector('main').append(
    Object.assign(document.createElement('img'), { src: '/assets/icon.svg' }))`)
  t.match(await page.findings(), [/image-alt/], 'and what is unfit is found')
  t.same(
    page.complaints.filter((words) => !words.includes('404')),
    [],
    'nothing was refused by the content policy, and nothing failed',
  )
})

t.test('hostile text is shown as text', { skip: missingChromium() }, async (t) => {
  const gateway = await startSampleGateway()
  t.teardown(gateway.close)
  const page = await openConsole(t, gateway.url)
  for (const [path, ready] of [
    ['/approvals?status=all', '.inbox-item'],
    ['/approvals/H0ST1LE9', '.answer-done'],
    ['/approvals/access', '.grant'],
    ['/search?q=x', '.hit'],
  ] as const) {
    await page.go(path, ready)
    const text = String(
      await page.evaluate(`[
        document.getElementById('page').textContent,
        ...[...document.querySelectorAll('*')].flatMap((one) =>
          [...one.attributes].map(({ value }) => value),
        ),
      ].join(' ')`),
    )
    t.match(text, '<img src=x onerror="document.title=1">', path)
    t.match(text, '⟨U+202E⟩', 'the direction of writing is not turned')
    t.notMatch(text, /[\u001b\u202e]/)
    t.equal(await page.evaluate(`document.querySelectorAll('main img, main script').length`), 0)
  }
  t.match(await page.evaluate('document.title'), /Sallyport$/)
  t.same(page.complaints, [])
})

t.test('the keys that `?` shows work', { skip: missingChromium() }, async (t) => {
  const gateway = await startSampleGateway()
  t.teardown(gateway.close)
  const page = await openConsole(t, gateway.url)
  await page.until(`document.querySelector('.inbox-item') !== null`)
  await page.press('?')
  await page.until(`document.querySelector('dialog.help[open]') !== null`)
  t.match(await page.evaluate(`document.querySelector('dialog.help').textContent`), 'Next request')
  await page.press('Escape')
  await page.until(`document.querySelector('dialog') === null`)
  await page.press('g', 's')
  await page.until(`location.pathname === '/sessions'`)
  await page.press('/')
  await page.until(`location.pathname === '/search'`)
  await page.until(`document.querySelector('input[name=q]') !== null`)
  await page.evaluate(`document.querySelector('input[name=q]').focus()`)
  await page.press('g', 's')
  t.equal(await page.evaluate('location.pathname'), '/search', 'a field keeps its keys')
  t.equal(await page.evaluate(`document.querySelector('input[name=q]').value`), 'gs')
  t.same(page.complaints, [])
})

t.test(
  'colours follow the system until somebody chooses',
  { skip: missingChromium() },
  async (t) => {
    const gateway = await startSampleGateway()
    t.teardown(gateway.close)
    const page = await openConsole(t, gateway.url, { scheme: 'dark' })
    await page.until(`document.querySelector('.inbox-item') !== null`)
    const ground = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.evaluate(`document.querySelector('.switch [aria-label=light]').click()`)
    await page.until(`getComputedStyle(document.body).backgroundColor !== '${String(dark)}'`)
    const light = await ground()
    await page.go('/health', '.grid-cards')
    t.equal(await ground(), light, 'and the choice is kept')
  },
)

t.test(
  'a sign-in that is not fresh enough leads to one that is',
  { skip: missingChromium() },
  async (t) => {
    const gateway = await startSampleGateway()
    t.teardown(gateway.close)
    const page = await openConsole(t, gateway.url)
    await page.go('/approvals/K7RB2M9X', '.answer-reason')
    await page.evaluate(`document.querySelector('.answer-reason').focus()`)
    await page.type('looked at it')
    await page.evaluate(`document.querySelector('.button-allow').click()`)
    await page.until(`document.querySelector('.answer-words a') !== null`)
    t.equal(
      await page.evaluate(`document.querySelector('.answer-words a').getAttribute('href')`),
      '/auth/login?step_up=yes&next=%2Fapprovals%2FK7RB2M9X',
    )
    t.match(await page.evaluate(`document.querySelector('.answer-words').textContent`), /fresh/)
  },
)

t.test('a page that fails leaves the others alone', { skip: missingChromium() }, async (t) => {
  const gateway = await startSampleGateway()
  t.teardown(gateway.close)
  const page = await openConsole(t, gateway.url)
  // An answer that no page can do anything with.
  await page.go('/approvals/BR0KEN00', '.problem')
  t.match(await page.evaluate(`document.querySelector('main').innerText`), /This page has a fault/)
  await page.press('g', 's')
  await page.until(`document.querySelector('.table') !== null`)
})

t.test('news arrive without a reload', { skip: missingChromium() }, async (t) => {
  const gateway = await startSampleGateway()
  t.teardown(gateway.close)
  const page = await openConsole(t, gateway.url)
  await page.until(`document.querySelectorAll('.inbox-item').length === 2`)
  await page.until(`document.querySelector('.nav-link .badge')?.firstChild.textContent === '2'`)
  gateway.settle('K7RB2M9X')
  await page.until(`document.querySelectorAll('.inbox-item').length === 1`)
  await page.until(`document.querySelector('.nav-link .badge')?.firstChild.textContent === '1'`)
})
