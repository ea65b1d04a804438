// How recordings end: after their time, or by people, always with a line in the record that proves what was
// deleted; and never while a legal hold stands.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { IdentityFacts } from '../../../engine/schemas/facts.js'
import { daysOf } from '../../../proxy/recordings/removal.js'
import { allFrames, eventually } from '../../peers/film-reader.js'
import { sampleSession } from '../sample-session.js'
import { act, filmLab, filmSession, type FilmLab } from './film-lab.js'

const DAY_MS = 86_400_000

async function recorded(lab: FilmLab, session: string, target = 'shop'): Promise<void> {
  const made = { ...filmSession(session) }
  const tape = lab.recordings.tapeFor({
    ...made,
    target: { ...made.target, name: target, labels: { env: target === 'shop' ? 'prod' : 'test' } },
  })
  act(tape, 1, ['a'])
  tape.close()
  await eventually(
    async () =>
      (readdirSync(join(lab.directory, 'done')).length === 0 &&
        (await lab.recordings.film(session))?.state === 'finished') ||
      undefined,
    session,
  )
}

const keeper: IdentityFacts = {
  ...sampleSession().identity.facts,
  subject: 'eve',
  groups: ['auditors'],
}
const nobody: IdentityFacts = { ...keeper, groups: ['engineers'] }

t.test('each target keeps its recordings as long as the longest rule that fits', async (t) => {
  const settings = {
    retentionDays: 30,
    retention: [
      { target: 'shop', labels: {}, days: 10 },
      { target: undefined, labels: { env: 'prod' }, days: 365 },
    ],
  }
  t.equal(daysOf({ target: 'shop', labels: { env: 'prod' } }, settings), 365)
  t.equal(daysOf({ target: 'shop', labels: {} }, settings), 10)
  t.equal(daysOf({ target: 'other', labels: {} }, settings), 30)
  t.equal(
    daysOf({ target: 'other', labels: {} }, { ...settings, retentionDays: undefined }),
    undefined,
  )
})

t.test(
  'what is past its time is deleted with proof, and what is held or younger stays',
  async (t) => {
    let now = Date.now()
    const lab = await filmLab({
      now: () => now,
      settings: { retentionDays: 30, retention: [{ target: 'other', labels: {}, days: 60 }] },
    })
    t.teardown(lab.close)
    const { recordings } = lab
    await recorded(lab, 'aa-old')
    await recorded(lab, 'bb-held')
    await recorded(lab, 'cc-other', 'other')
    const digest = (await recordings.digest('aa-old'))?.digest
    const hold = await recordings.keepers.hold(keeper, {
      scope: 'session',
      of: 'bb-held',
      reason: 'case 7',
    })
    t.equal(await recordings.removal.sweep(), 0)
    now += 31 * DAY_MS
    await recorded(lab, 'dd-young')
    t.equal(await recordings.removal.sweep(), 1)
    await t.rejects(allFrames(recordings, 'aa-old'), { code: 'not_found' })
    t.notOk(existsSync(join(lab.directory, 'kept', 'aa', 'aa-old.film')))
    t.match(
      (await lab.lines()).find(({ event }) => event === 'deleted'),
      {
        session: 'aa-old',
        digest,
        erased: 'all',
        by: 'retention of 30 days',
        reason: 'past its time',
      },
    )
    for (const session of ['bb-held', 'cc-other', 'dd-young']) {
      t.equal((await allFrames(recordings, session)).length, 4, session)
    }
    await recordings.keepers.release(keeper, hold.id, 'settled')
    t.equal(await recordings.removal.sweep(), 1)
    t.match(
      (await lab.lines()).filter(({ event }) => event === 'held' || event === 'released'),
      [
        { event: 'held', scope: 'session', of: 'bb-held', reason: 'case 7', by: '["iss","eve"]' },
        { event: 'released', hold: hold.id, reason: 'settled' },
      ],
    )
  },
)

t.test(
  'people delete only what is not held, only for a reason, and only if they keep recordings',
  async (t) => {
    const lab = await filmLab()
    t.teardown(lab.close)
    const { keepers } = lab.recordings
    await recorded(lab, 'ff-one')
    const open = lab.recordings.tapeFor(filmSession('gg-open'))
    act(open, 1, ['a'])
    await eventually(async () => (await lab.recordings.film('gg-open')) ?? undefined, 'a film')
    await t.rejects(keepers.remove(nobody, 'ff-one', 'x'), {
      code: 'not_allowed',
      message: /auditors/,
    })
    await t.rejects(keepers.holds(nobody), { code: 'not_allowed' })
    await t.rejects(keepers.remove(keeper, 'ff-one', ' \n'), { code: 'usage', message: /say why/ })
    await t.rejects(keepers.remove(keeper, 'gg-open', 'x'), { code: 'conflict' })
    await t.rejects(keepers.remove(keeper, '../../etc/passwd', 'x'), { code: 'not_found' })
    await t.rejects(keepers.release(keeper, 'nothing', 'x'), { code: 'not_found' })
    for (const [scope, of] of [
      ['person', 'iss sub'],
      ['target', 't'],
      ['session', 'ff-two'],
    ] as const) {
      if (scope === 'session' || scope === 'target') {
        const made = { ...filmSession('ff-two') }
        if (scope === 'target') {
          const tape = lab.recordings.tapeFor(made)
          act(tape, 1, ['a'])
          tape.close()
          await eventually(
            async () => (await lab.recordings.film('ff-two'))?.state === 'finished' || undefined,
            'ff-two',
          )
        }
      }
      const session = scope === 'person' ? 'ff-one' : 'ff-two'
      const hold = await keepers.hold(keeper, { scope, of, reason: 'case' })
      await t.rejects(keepers.remove(keeper, session, 'x'), {
        code: 'not_allowed',
        message: new RegExp(`legal hold ${hold.id}`),
      })
      await keepers.release(keeper, hold.id, 'over')
    }
    await keepers.remove(keeper, 'ff-one', 'asked to')
    t.match((await lab.lines()).at(-1), {
      event: 'deleted',
      session: 'ff-one',
      reason: 'asked to',
      by: '["iss","eve"]',
    })
    open.close()
  },
)

t.test('holds that cannot be read protect everything', async (t) => {
  const lab = await filmLab({ settings: { retentionDays: 1 }, now: () => Date.now() + 90 * DAY_MS })
  t.teardown(lab.close)
  await recorded(lab, 'hh-kept')
  writeFileSync(join(lab.directory, 'kept', 'holds.json'), '[{"id":')
  await t.rejects(lab.recordings.removal.sweep(), { code: 'recording_damaged' })
  await t.rejects(lab.recordings.keepers.remove(keeper, 'hh-kept', 'x'), {
    code: 'recording_damaged',
  })
  t.equal((await allFrames(lab.recordings, 'hh-kept')).length, 4)
})
