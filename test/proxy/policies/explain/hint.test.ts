// Where a policy refuses without a hint, the refusal says what would pass: few decisions, no time to speak
// of, nothing of what the client or the data holds.
import t from 'tap'
import type { Policy } from '../../../../engine/policy/policy.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import { hintFor } from '../../../../proxy/policies/explain/hint.js'
import { cases, libraryPolicy } from '../../../rego/library.js'

t.test('hints of refusals', async (t) => {
  const policy = await libraryPolicy()
  const found = cases().find(({ name }) => name.includes('leaves no view behind'))
  if (found === undefined) throw new Error('the case is gone')
  const { facts } = found

  t.test('a hint names the changes that ask least, the command’s own first', async (t) => {
    t.equal(
      hintFor(policy, facts),
      'create public.orders as TEMPORARY; or send it as a person, not through a program',
    )
  })

  t.test('whose approval it would then wait for is said', async (t) => {
    const other = cases().find(({ name }) => name.includes('a function that deletes is refused'))
    t.match(hintFor(policy, other?.facts ?? facts), /it then waits for approvers/)
  })

  t.test('no hint costs more than forty decisions', async (t) => {
    let asked = 0
    const counting: Policy = {
      ...policy,
      decide: (one, entrypoint) => {
        asked += 1
        return policy.decide(one, entrypoint)
      },
    }
    for (const one of cases()) {
      asked = 0
      hintFor(counting, one.facts)
      t.ok(asked <= 41, `${one.name}: ${asked}`)
    }
  })

  t.test('the digest of the text, who asks and from where do not show in a hint', async (t) => {
    const { command } = facts
    if (command === undefined) throw new Error('the case has no command')
    const other: Facts = {
      ...facts,
      identity: { ...facts.identity, subject: 'other', name: 'Other' },
      session: { ...facts.session, id: 'other', client_address: '198.51.100.7' },
      command: { ...command, digest: 'sha256:other' },
    }
    t.equal(hintFor(policy, other), hintFor(policy, facts))
  })
})
