// Whatever is clicked, cancelled and expires at once, on a state store in PostgreSQL; what is raced stands in
// `approval-races.ts`.
import t from 'tap'
import { races, racesOfTwo, storeInMemory } from './approval-races.js'

const store = await storeInMemory(t, 'postgres')

t.test('races on postgres', { skip: store === undefined, timeout: 400_000 }, async (t) => {
  if (store !== undefined) await races(t, store)
})

t.test(
  'races of two gateways on one store',
  { skip: store === undefined, timeout: 400_000 },
  async (t) => {
    if (store !== undefined) await racesOfTwo(t, store)
  },
)
