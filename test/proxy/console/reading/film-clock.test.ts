// Time in the film and time as recorded lead to each other.
import t from 'tap'
import { filmClock } from '../../../../proxy/console/reading/film-clock.js'

t.test('long pauses are cut short and short ones kept', async (t) => {
  const clock = filmClock([500, 1_500, 3_601_500, 3_601_600], 2_000)
  t.same(
    [0, 1, 2, 3].map((index) => clock.at(index)),
    [500, 1_500, 3_500, 3_600],
  )
  t.equal(clock.lengthMs, 5_100)
})

t.test('the last command that has begun is on screen', async (t) => {
  const clock = filmClock([500, 1_500, 1_500, 9_000], 2_000)
  t.equal(clock.indexAt(0), -1)
  t.equal(clock.indexAt(500), 0)
  t.equal(clock.indexAt(1_500), 2)
  t.equal(clock.indexAt(1_000_000), 3)
})

t.test('a moment of the film is a moment of the record', async (t) => {
  const clock = filmClock([0, 1_000, 3_601_000], 2_000)
  t.equal(clock.recordedAt(500), 500)
  t.equal(clock.recordedAt(clock.at(2)), 3_601_000)
  t.equal(clock.recordedAt(clock.at(2) + 500), 3_601_500)
})

t.test('a film without commands, and clocks that go back, break nothing', async (t) => {
  t.equal(filmClock([], 2_000).indexAt(0), -1)
  const clock = filmClock([5_000, 4_000, 6_000], 2_000)
  t.ok(clock.at(1) >= clock.at(0))
  t.ok(clock.at(2) >= clock.at(1))
})
