// OPA's own cases, a third of them and every exception: what our host answers is what OPA wants. The whole
// set is `npm run compliance`.
import t from 'tap'
import { casesFolder, casesIn } from './cases.js'
import { EXCEPTIONS } from './exceptions.js'
import { countsOf, outcomes, unexpected } from './run.js'

const EVERY = 3
const SHARE = 0.98

const found = casesFolder({ download: false })
const skip = 'missing' in found ? `${found.missing}: npm run compliance fetches it` : false

t.test('the host answers OPA’s own cases as OPA does', { skip }, async (t) => {
  const all = casesIn('folder' in found ? found.folder : '')
  const names = new Set(all.map(({ note }) => note))
  t.same(
    [...EXCEPTIONS.keys()].filter((name) => !names.has(name)),
    [],
    'every exception is a case of this OPA',
  )
  const some = all.filter(({ note }, at) => at % EVERY === 0 || EXCEPTIONS.has(note))
  const done = await outcomes(some)
  const { applicable, passed } = countsOf(done)
  t.ok(applicable > all.length / 4, `${applicable} cases`)
  t.ok(passed >= SHARE * applicable, `${passed} of ${applicable} pass`)
  t.same(
    unexpected(done).map(({ one, verdict }) => [one.note, verdict]),
    [],
    'what fails, and only that, is an exception',
  )
})
