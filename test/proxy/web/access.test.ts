// Who may see what: by the shipped policies, by policies that do not know the console, and by none.
import t from 'tap'
import type { ApprovalQuestion, Policy } from '../../../engine/policy/policy.js'
import { createAccess } from '../../../proxy/web/access.js'
import { libraryPolicy } from '../../rego/library.js'
import { person, policy as oldPolicy } from '../approvals/world.js'

const target = { name: 'shop', kind: 'postgres', labels: {}, database: 'shop' } as const
const of = (subject: string) => ({
  session: { identity: person(subject).facts, target: { ...target, labels: {} }, live: true },
})

const KEEPING = ['see_holds', 'set_hold', 'lift_hold', 'delete_recording'] as const

t.test('the shipped policies know every question', async (t) => {
  const policy = await libraryPolicy()
  const { may } = createAccess(() => policy)
  const auditor = person('ada', { groups: ['auditors'] })
  const engineer = person('bob', { groups: ['engineers'] })
  const operator = person('cyd', { groups: ['operators'] })
  t.ok(may('watch_session', auditor, of('zoe')))
  t.notOk(may('watch_session', engineer, of('zoe')))
  t.ok(may('watch_session', engineer, of('bob')))
  t.ok(may('end_session', operator, of('zoe')))
  t.notOk(may('end_session', auditor, of('zoe')))
  t.ok(may('search', auditor))
  t.ok(may('see_targets', engineer))
  t.notOk(may('see_health', engineer))
  for (const verb of KEEPING) {
    t.ok(may(verb, auditor))
    t.notOk(may(verb, operator), `${verb} is not for operators`)
  }
  t.match(createAccess(() => policy).whyNot('search', engineer), 'this is for auditors')
})

t.test('policies that do not know the console let see what could be seen before it', async (t) => {
  const { may } = createAccess(() => oldPolicy)
  const approver = person('ann', { groups: ['approvers'] })
  const engineer = person('bob', { groups: ['engineers'] })
  t.ok(may('see_session', approver, of('zoe')))
  for (const verb of ['watch_session', 'end_session', 'search', 'try'] as const) {
    t.notOk(may(verb, approver, of('zoe')), verb)
  }
  for (const verb of KEEPING) t.ok(may(verb, engineer), 'the configuration alone says who')
  for (const verb of ['see_session', 'watch_session', 'end_session'] as const) {
    t.ok(may(verb, engineer, of('bob')), `one’s own: ${verb}`)
    t.notOk(may(verb, engineer, of('zoe')), verb)
  }
})

t.test('an answer to another question is none', async (t) => {
  const policy: Policy = {
    ...oldPolicy,
    mayApprove: () => ({ allow: true, reason: '', verb: 'see_session' }),
  }
  t.notOk(createAccess(() => policy).may('watch_session', person('bob'), of('zoe')))
})

t.test('without policies nobody sees anything', async (t) => {
  const { may, demand } = createAccess(() => undefined)
  t.notOk(may('see_session', person('bob'), of('bob')))
  t.throws(() => demand('see_targets', person('bob')), { code: 'not_allowed' })
})

t.test('the same question is asked once of one bundle, and anew of the next', async (t) => {
  const asked: ApprovalQuestion[] = []
  let id = 1
  const { may } = createAccess(() => ({
    ...oldPolicy,
    id,
    mayApprove: (question) => {
      asked.push(question)
      return { allow: id === 1, reason: '', verb: question.verb }
    },
  }))
  for (let i = 0; i < 100; i++) t.ok(may('see_session', person('bob'), of('zoe')))
  t.equal(asked.length, 1)
  id = 2
  t.notOk(may('see_session', person('bob'), of('zoe')))
  may('see_session', person('bob', { groups: ['x'] }), of('zoe'))
  t.equal(asked.length, 3, 'other groups are another question')
})
