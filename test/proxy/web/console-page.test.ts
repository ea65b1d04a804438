// The page for approvers in a real browser, under its own content policy: hostile text stays text, the
// token goes nowhere else, and the two buttons do what they say.
import t from 'tap'
import { missingChromium, openPage } from '../../peers/chromium.js'
import { webWorld } from './world.js'

t.test('the page holds no request and lets run nothing but its own script', async (t) => {
  const { call, held } = await webWorld(t)
  await held()
  const { text, headers } = await call('/')
  t.notMatch(text, /drop table/)
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'/)
  t.notMatch(policy, /unsafe|\*|https?:/)
  t.notMatch(text, /\son\w+=|javascript:|src=|<link/)
})

t.test('an approver at the page', { skip: missingChromium() }, async (t) => {
  const { url, held, tokens } = await webWorld(t)
  const hostile = '<img src=x onerror="document.title=1">\n</pre><script>document.title=2</script>'
  const hold = await held({ text: hostile })
  const page = await openPage(t, url)
  const enter = (token: string) =>
    page.evaluate(`{
      document.getElementById('token').value = ${JSON.stringify(token)}
      document.querySelector('#who button').click()
    }`)

  await enter('nonsense')
  await page.until(`document.getElementById('said').className === 'bad'`)
  await enter(tokens.approver)
  await page.until(`document.querySelectorAll('article').length === 1`)
  t.equal(await page.evaluate(`document.querySelector('pre').textContent`), hostile)
  t.equal(await page.evaluate(`document.querySelectorAll('article img, article script').length`), 0)
  t.equal(await page.evaluate(`document.title`), 'Sallyport')
  t.equal(await page.evaluate(`document.getElementById('token').value`), '')
  t.match(
    await page.evaluate(`document.querySelector('.command').textContent`),
    `sallyport approvals approve ${hold.id}`,
  )
  t.ok(await page.evaluate(`getComputedStyle(document.querySelector('article')).borderRadius`))
  await page.evaluate(`{
    document.querySelector('article input').value = 'by hand'
    document.querySelector('button.approve').click()
  }`)
  t.match(await hold.settled, { outcome: 'approved', reason: 'by hand' })
  await page.until(`document.querySelectorAll('article').length === 0`)
  const refused = page.complaints.filter((words) => !words.includes('401'))
  t.same(refused, [], 'nothing was refused by the content policy')
})
