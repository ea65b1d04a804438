// How many may log in at a time, and how often one address may fail.
import t from 'tap'
import { createLoginCrowd } from '../../../../proxy/protocols/postgres/login-crowd.js'

t.test('so many at a time, and room again when one has left', async (t) => {
  const crowd = createLoginCrowd()
  t.teardown(crowd.close)
  for (let i = 0; i < 512; i++) {
    t.equal(crowd.refusal('a'), undefined)
    crowd.entered()
  }
  t.match(crowd.refusal('b'), { sqlstate: '53300', message: /logging in/, hint: /again/ })
  crowd.left('a', true)
  t.equal(crowd.refusal('b'), undefined)
})

t.test('an address that fails again and again waits; others do not', async (t) => {
  const crowd = createLoginCrowd()
  t.teardown(crowd.close)
  for (let i = 0; i < 101; i++) {
    crowd.entered()
    crowd.left('a', false)
  }
  t.match(crowd.refusal('a'), { sqlstate: '53300', message: /failed logins/ })
  t.equal(crowd.refusal('b'), undefined)
})

t.test('of addresses without number the oldest is forgotten', async (t) => {
  const crowd = createLoginCrowd()
  t.teardown(crowd.close)
  const failed = (address: string): void => {
    crowd.entered()
    crowd.left(address, false)
  }
  for (let i = 0; i < 101; i++) failed('first')
  t.ok(crowd.refusal('first'))
  for (let i = 0; i < 10_000; i++) failed(`2001:db8::${i.toString(16)}`)
  t.equal(crowd.refusal('first'), undefined)
})
