// Every page of the console before a whole gateway, as an auditor and as an operator see it: what the pages
// show is what the gateway answers, and nothing complains. The pages with stories of their own (one request,
// one session) have them under test/proxy/console.
import t from 'tap'
import { missingChromium } from '../peers/chromium.js'
import { missingPostgres } from '../peers/postgres.js'
import type { ConsoleBrowser } from '../proxy/console/console-browser.js'
import { consoleWorld } from '../proxy/console/console-world.js'

const main = async (page: ConsoleBrowser): Promise<string> =>
  String(await page.evaluate(`document.querySelector('main').innerText`))

t.test(
  'the pages of a gateway',
  { skip: missingChromium() || missingPostgres('embedded') },
  async (t) => {
    const { client, person, gateway } = await consoleWorld(t)
    const ours = (words: string): boolean =>
      words.includes(gateway.webUrl) && !words.includes('/api/me')
    const agent = await client('agent')
    await agent.query('SELECT id, name, ssn FROM customers')
    await agent.query("UPDATE orders SET status = 'x'").catch(() => undefined)

    const page = await person('auditor')

    await t.test('an auditor searches, and each hit leads to its moment', async (t) => {
      // The index follows the record.
      for (let tries = 0; tries < 60; tries++) {
        await page.go('/search?object=public.customers', 'main .hit, main .empty')
        if ((await page.evaluate(`document.querySelectorAll('.hit').length`)) === 1) break
      }
      t.match(await main(page), /SELECT id, name, ssn FROM customers/)
      t.match(await main(page), /saw customers\.ssn in 1 row, 1 masked/)
      await page.evaluate(`document.querySelector('.hit').click()`)
      await page.until(`document.querySelector('.stage .cell-masked') !== null`)
      t.match(await page.evaluate('location.href'), /\/sessions\/[\w-]+\?at=1$/)

      await page.go('/search', 'form[role=search]')
      await page.evaluate(`document.querySelector('input[name=q]').focus()`)
      await page.type('status')
      await page.press('Enter')
      await page.until(`document.querySelector('.hit .mark-deny') !== null`)
      t.match(await page.evaluate('location.search'), 'q=status')
      t.same(await page.findings(), [])
    })

    await t.test('rules with their hits, and those that never spoke', async (t) => {
      await page.go('/policies/rules', '.rule-line')
      t.match(await main(page), /destructive\/update-without-where/)
      await page.go('/policies/rules?never=yes', '.rule-quiet')
      t.notMatch(await main(page), /destructive\/update-without-where/)
      await page.go('/policies/shadow', '.empty')
      t.match(await main(page), /Nothing is in the shadow slot/)
      await page.go('/policies/diff', '.empty')
    })

    await t.test('policies in force; operators may go back, auditors may not', async (t) => {
      await page.go('/policies', '.in-force')
      t.match(await main(page), /fresh/)
      t.equal(await page.evaluate(`document.querySelectorAll('.in-force-buttons').length`), 0)
    })

    await t.test('a command is tried, and what would pass is told', async (t) => {
      await page.go('/try', '.try-form select option')
      await page.evaluate(`document.querySelector('textarea').focus()`)
      await page.type("UPDATE orders SET status = 'x'")
      await page.evaluate(`document.querySelector('.try-form [type=submit]').click()`)
      await page.until(`document.querySelector('.verdict-deny') !== null`)
      t.match(await main(page), /It does not run/)
      t.match(await main(page), /every row: there is no WHERE/)
      t.match(await page.evaluate('location.hash'), /^#sql=UPDATE/, 'and can be shared')
      t.equal(await page.evaluate('location.search'), '', 'without being in any log')
      await page.evaluate(`location.hash = '#sql=SELECT+ssn+FROM+customers&kind=agent'`)
      await page.until(`document.querySelector('.verdict-mask') !== null`)
      t.match(await main(page), /customers\.ssn/)
      t.match(await main(page), /column 1 of the answer/)
      t.same(await page.findings(), [])
    })

    await t.test('who can, by kind and group', async (t) => {
      await page.go('/who-can', '.try-form select option')
      await page.evaluate(`document.querySelector('textarea').focus()`)
      await page.type('SELECT ssn FROM customers')
      await page.evaluate(`document.querySelector('.try-form [type=submit]').click()`)
      await page.until(`document.querySelector('.table tbody tr') !== null`)
      t.match(await main(page), /agent[\s\S]*masked/)
    })

    await t.test('targets with their labels, and health', async (t) => {
      await page.go('/targets', '.grid-cards .card')
      t.match(await main(page), /shop[\s\S]*up to date[\s\S]*env: prod[\s\S]*1 session live/)
      await page.go('/health', '.grid-cards .card')
      t.match(await main(page), /Everything works/)
      t.same(await page.findings(), [])
    })

    t.same(
      page.complaints.filter(ours).filter((words) => !words.includes('/api/policy/shadow')),
      [],
      'nothing complained on any page',
    )

    await t.test('signing out ends it, here and at the gateway', async (t) => {
      await page.evaluate(`document.querySelector('[aria-label="Sign out"]').click()`)
      await page.until(`document.querySelector('.sign-in') !== null`)
      t.equal(await page.evaluate(`fetch('/api/approvals').then(({ status }) => status)`), 401)
      t.same(await page.findings(), [])
    })
  },
)
