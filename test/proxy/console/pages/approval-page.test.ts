// From a command that waits to the answer that lets it go on: an agent before a real database, an approver
// with a phone in hand, then one with nothing but a keyboard.
import t from 'tap'
import { missingChromium } from '../../../peers/chromium.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { consoleWorld } from '../console-world.js'

const skip = missingChromium() || missingPostgres('embedded')

t.test('approvals in the console', { skip }, async (t) => {
  const { client, person, gateway } = await consoleWorld(t)
  // Before anybody is signed in, that is what is answered; and the issuer’s pages are not ours.
  const unexpected = (words: string): boolean =>
    words.includes(gateway.webUrl) && !words.includes('/api/me')
  const agent = await client('agent')
  await agent.query('SELECT count(*) FROM orders')

  await t.test('on a phone: signed in, understood, approved; the client goes on', async (t) => {
    const page = await person('approver', { size: 'phone' })
    await page.until(`document.querySelector('.empty') !== null`)
    const ran = agent.query('DROP TABLE leftover')
    await page.until(`document.querySelectorAll('.inbox-item').length === 1`)
    await page.evaluate(`document.querySelector('.inbox-item').click()`)
    await page.until(`document.querySelector('.answer-buttons') !== null`)
    await page.until(`document.querySelector('.before') !== null`)
    const seen = String(await page.evaluate(`document.querySelector('main').innerText`))
    for (const words of [
      'Drops leftover',
      'agent for engineer',
      'env: prod',
      'Why it was held',
      'DROP TABLE leftover',
      'What it will change',
      'min',
      'SELECT count(*) FROM orders',
    ]) {
      t.ok(seen.includes(words), `${words} is told`)
    }
    t.equal(
      await page.evaluate(`document.querySelector('.touched-destroy').textContent`),
      'leftover',
      'what is touched stands out in the command',
    )
    const visible = `(() => {
      const box = document.querySelector('.button-allow').getBoundingClientRect()
      return box.top > 0 && box.bottom <= innerHeight && box.height >= 44
    })()`
    t.equal(await page.evaluate(visible), true, 'the answer is within reach of the thumb')
    t.same(await page.tooWide(), [])
    t.same(await page.findings(), [])
    await page.evaluate(`document.querySelector('.button-allow').click()`)
    await page.until(`document.querySelector('.answer-done.answer-allow') !== null`)
    t.equal((await ran).command, 'DROP')
    t.match(await page.evaluate(`document.querySelector('.answer').textContent`), /Approved/)
    t.same(page.complaints.filter(unexpected), [])
  })

  await t.test('by keyboard alone: denied with a reason that the client reads', async (t) => {
    const page = await person('approver')
    const refused = agent.query('DROP TABLE items').then(
      () => 'it ran',
      (problem: { hint?: string; detail?: string; message: string }) =>
        `${problem.message} ${problem.detail} ${problem.hint}`,
    )
    await page.until(`document.querySelectorAll('.inbox-item').length === 1`)
    await page.press('j', 'Enter')
    await page.until(`document.querySelector('.answer-buttons') !== null`)
    await page.press('d', 'Enter')
    await page.until(`document.activeElement.className === 'answer-reason'`)
    t.match(await page.evaluate(`document.querySelector('.answer-words').textContent`), /Say why/)
    await page.type('items are still needed')
    await page.press('Enter')
    await page.until(`document.querySelector('.answer-done.answer-deny') !== null`)
    t.match(await refused, /items are still needed/)
    t.match(await page.evaluate(`document.querySelector('.answer').textContent`), /still needed/)
    t.same(page.complaints.filter(unexpected), [])
  })

  await t.test('whoever asked sees it and cannot approve it', async (t) => {
    const page = await person('engineer')
    const gone = agent.query('DROP TABLE items').catch(({ message }: Error) => message)
    await page.until(`document.querySelectorAll('.inbox-item').length === 1`)
    await page.evaluate(`document.querySelector('.inbox-item').click()`)
    await page.until(`document.querySelector('.answer-buttons') !== null`)
    t.equal(await page.evaluate(`document.querySelectorAll('.button-allow').length`), 0)
    await page.evaluate(`document.querySelector('.answer-buttons button').click()`)
    await page.until(`document.querySelector('.answer-done') !== null`)
    t.type(await gone, 'string')
    t.same(page.complaints.filter(unexpected), [])
  })
})
