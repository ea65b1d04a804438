// What a policy reads is handed over, and nothing else; where that is not known, everything is.
import t from 'tap'
import { prunedBy } from '../../../engine/policy/prune.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import type { Facts } from '../../../engine/schemas/facts.js'

function command(): Facts {
  const facts = SMOKE_FACTS.find((one) => one.stage === 'command')
  if (facts === undefined) throw new Error('there is no smoke case of a command')
  return facts
}

t.test('without a list, the facts stay as they are', async (t) => {
  t.equal(prunedBy(undefined)(command()), command())
})

t.test('what is on the list is kept whole, at any depth', async (t) => {
  const facts = command()
  const pruned = prunedBy(['identity.kind', 'command.effects', 'session.counters', 'grants'])(facts)
  t.same(pruned, {
    identity: { kind: facts.identity.kind },
    command: { effects: facts.command?.effects },
    session: { counters: facts.session.counters },
    grants: facts.grants,
  })
})

t.test('a longer path keeps no less than a shorter one', async (t) => {
  for (const reads of [
    ['target', 'target.labels.env'],
    ['target.labels.env', 'target'],
  ]) {
    t.same(prunedBy(reads)(command()), { target: command().target })
  }
})

t.test('what is not there stays absent, so that rules on its absence hold', async (t) => {
  const { command: _, ...session } = command()
  t.same(prunedBy(['command.effects', 'stage'])({ ...session, stage: 'session' }), {
    stage: 'session',
  })
  t.same(prunedBy(['command.effects.labels'])(command()), {
    command: { effects: command().command?.effects },
  })
})

t.test('names that every object has are no members', async (t) => {
  t.same(prunedBy(['constructor.name', '__proto__.polluted', 'stage'])(command()), {
    stage: 'command',
  })
  t.notOk('polluted' in {})
})
