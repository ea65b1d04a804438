// Whatever is clicked, cancelled and expires at once, on a state store in SQLite; what is raced stands in
// `approval-races.ts`.
import t from 'tap'
import { races, storeInMemory } from './approval-races.js'

const store = await storeInMemory(t, 'sqlite')

t.test('races on sqlite', { skip: store === undefined, timeout: 400_000 }, async (t) => {
  if (store !== undefined) await races(t, store)
})
