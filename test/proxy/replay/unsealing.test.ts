// Films of records from which something personal can be erased, and was.
import t from 'tap'
import { removeSubjectKeys } from '../../../proxy/recording/erasure/subject-keys.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { createFilms } from '../../../proxy/replay/films.js'
import { redecided } from '../../../proxy/replay/under.js'
import { commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { OPENED, sampleFilm, shotsOf } from './film-lab.js'

t.test(
  'what was erased is gone from films at once, also from one that is being watched',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleFilm(directory, { erasable: true })
    const films = createFilms(directory)
    const before = await films.film('aa-1')
    if (before === undefined) throw new Error('no film')
    t.match(before.session, {
      name: 'alice',
      subject: 'u-1',
      client_address: '10.0.0.1',
      notes: [],
    })
    const seen = await shotsOf(before)
    t.match(seen[0], {
      entry: { text: 'SELECT 1' },
      erased: false,
      facts: { identity: { name: 'alice' } },
    })

    t.equal(removeSubjectKeys(directory, ({ subject }) => subject.endsWith('u-1')).length, 1)
    const after = await films.film('aa-1')
    if (after === undefined) throw new Error('no film')
    const shots = await shotsOf(after)
    const all = JSON.stringify([after.session, shots])
    for (const gone of ['alice', 'u-1', '10.0.0.1', 'DROP TABLE']) t.notMatch(all, gone)
    t.same(
      shots.map(({ entry }) => [entry.command, entry.action, entry.go]),
      [
        [1, 'allow', true],
        [2, 'deny', false],
        [3, 'require-approval', true],
      ],
      'what was decided stays',
    )
    const [first] = shots
    if (first === undefined) throw new Error('no command')
    const found = await redecided(first, {
      under: { decide: () => t.fail('decided on what is gone') } as never,
      before: () => Promise.resolve(undefined),
    })
    t.match(found, { parting: 'unknown', notes: [/erased/] })
  },
)

t.test('a key that is made while somebody watches opens what lies under it', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, erasable: true })
  recorder.session({ session: 's1', ...OPENED })
  await recorded(recorder, commandRecord(1))
  const films = createFilms(directory)
  t.equal((await films.film('s1'))?.session.name, 'alice')
  const identity = { ...OPENED.identity, subject: 'u-2', name: 'bob' }
  recorder.session({ session: 's2', ...OPENED, identity })
  const { facts } = commandRecord(1)
  const base = { ...facts.base, identity }
  await recorded(recorder, commandRecord(1, { session: 's2', facts: { ...facts, base } }))
  const film = await films.film('s2')
  t.equal(film?.session.name, 'bob')
  const [shot] = film === undefined ? [] : await shotsOf(film)
  t.match(shot, { erased: false, facts: { identity: { name: 'bob' } } })
  await recorder.close()
})
