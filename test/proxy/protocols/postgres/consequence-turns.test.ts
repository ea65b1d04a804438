// No more looks at a time than there may be, in the order of asking; who gives up is passed over.
import t from 'tap'
import { createTurns } from '../../../../proxy/protocols/postgres/consequence-turns.js'

t.test('turns', async (t) => {
  const turns = createTurns(2)
  const begun: number[] = []
  const all = Array.from({ length: 6 }, (_, i) => {
    const turn = turns.take()
    void turn.ready.then(() => begun.push(i))
    return turn
  })
  const now = async (): Promise<readonly number[]> => {
    await new Promise((go) => setImmediate(go))
    return begun
  }
  t.same(await now(), [0, 1])
  all[2]?.over()
  all[0]?.over()
  all[0]?.over()
  t.same(await now(), [0, 1, 3], 'one ended once, and one had given up')
  all[1]?.over()
  all[3]?.over()
  t.same(await now(), [0, 1, 3, 4, 5])
  all[4]?.over()
  all[5]?.over()
  void turns.take().ready.then(() => begun.push(6))
  t.same(await now(), [0, 1, 3, 4, 5, 6])
})
