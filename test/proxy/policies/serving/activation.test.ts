// Each way in which a bundle can be wrong: refused with the step and the reason, told once, and the old
// bundle still decides.
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FACTS_VERSION } from '../../../../engine/schemas/facts.js'
import { privateKey, publicKey } from '../../../../proxy/policies/signing/keys.js'
import { signedBundle } from '../../../../proxy/policies/signing/sign.js'
import { verifiedBundle } from '../../../../proxy/policies/signing/verify.js'
import { bundleOf, ruleOf, rules, scratch, served, type World } from './lab.js'

t.setTimeout(120_000)

type Wrong = {
  readonly name: string
  readonly bytes: (test: Test) => Promise<Buffer> | Buffer
  readonly step: string
  readonly reason: RegExp
}

// Ten million steps and more, for each decision.
const MINUTES = `package sallyport.main

decision := {"action": "deny", "rules": [{"id": "x/y", "message": ""}], "masks": [], "limits": {}} if {
	count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == b]) > 0
}

degraded := {"action": "deny", "rules": [{"id": "x/y", "message": ""}], "masks": [], "limits": {}}

approval := {"allow": false, "reason": "nobody"}
`

const WRONG: readonly Wrong[] = [
  {
    name: 'a download that was cut',
    bytes: async (test) => (await bundleOf(test, rules('x/y'))).subarray(0, 1500),
    step: 'archive',
    reason: /cut short/,
  },
  { name: 'something else', bytes: () => Buffer.from('<html>'), step: 'archive', reason: /gzip/ },
  {
    name: 'another version of the facts',
    bytes: (test) =>
      bundleOf(test, rules('x/y'), { metadata: { sallyport_schema: FACTS_VERSION + 1 } }),
    step: 'schema',
    reason: /version 2 of the facts, and this gateway hands out version 1/,
  },
  {
    name: 'roots that leave the decisions out',
    bytes: (test) => bundleOf(test, rules('x/y'), { roots: ['elsewhere'] }),
    step: 'roots',
    reason: /leave out “sallyport”/,
  },
  {
    name: 'a policy that needs a minute',
    bytes: (test) => bundleOf(test, MINUTES),
    step: 'probe',
    reason: /took too long to decide/,
  },
  {
    name: 'a policy without an answer',
    bytes: (test) => bundleOf(test, rules('x/y').replace('degraded := decision', 'degraded := 1')),
    step: 'probe',
    reason: /degraded/,
  },
]

t.test('a wrong bundle changes nothing, says why, and is told once', async (t) => {
  const path = join(scratch(t), 'policies.tar.gz')
  writeFileSync(path, await bundleOf(t, rules('a/one')))
  const world = await served(t, { path })
  for (const { name, bytes, step, reason } of WRONG) {
    await t.test(name, async (t) => {
      writeFileSync(path, await bytes(t))
      await refusedOnce(t, world, step, reason, 'a/one')
    })
  }
})

async function refusedOnce(
  test: Test,
  { serving, events }: World,
  step: string,
  reason: RegExp,
  decides: string,
): Promise<void> {
  const before = events.length
  const started = performance.now()
  test.equal(await serving.reload(), false)
  test.ok(performance.now() - started < 30_000, 'soon')
  test.equal(await serving.reload(), false)
  test.match(events.slice(before), [{ event: 'refused', step, reason }])
  test.equal(events.length, before + 1)
  test.equal(ruleOf(serving.current()), decides)
  test.match(serving.status().refused, { step, reason })
}

t.test('one revision names one bundle', async (t) => {
  const path = join(scratch(t), 'policies.tar.gz')
  writeFileSync(path, await bundleOf(t, rules('b/one'), { revision: 'abc' }))
  const world = await served(t, { path })
  writeFileSync(path, await bundleOf(t, rules('b/two'), { revision: 'abc' }))
  await refusedOnce(t, world, 'lineage', /revision abc was in force before with other/, 'b/one')

  for (const revision of ['', 'abc-dirty']) {
    for (const id of ['b/three', 'b/four']) {
      writeFileSync(path, await bundleOf(t, rules(id), { revision }))
      t.equal(await world.serving.reload(), true, `“${revision}” names none`)
    }
  }
})

t.test(
  'a bundle that is signed by too few is refused; the same one signed by more is not',
  async (t) => {
    const folder = scratch(t)
    const path = join(folder, 'policies.tar.gz')
    const pairs = ['ada', 'grace', 'eve'].map((name) => {
      const pair = generateKeyPairSync('ed25519')
      const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      const half = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      return { name, secret: privateKey(name, pem), open: publicKey(name, half) }
    })
    const [ada, grace, eve] = pairs
    if (ada === undefined || grace === undefined || eve === undefined) throw new Error('three keys')
    const keys = [ada.open, grace.open]
    const signed = async (
      bytes: Buffer,
      ...by: readonly (typeof pairs)[number][]
    ): Promise<Buffer> => {
      let whole = bytes
      for (const { secret } of by) whole = (await signedBundle(whole, { key: secret })).bytes
      return whole
    }
    const one = await bundleOf(t, rules('c/one'), { revision: 'one' })
    writeFileSync(path, await signed(one, ada, grace))
    const world = await served(t, {
      path,
      verify: (bytes, atMs) => verifiedBundle(bytes, { required: 2, keys }, atMs),
    })
    const two = await bundleOf(t, rules('c/two'), { revision: 'two' })
    const few = /signed by 1 \(ada\)|signed by nobody/
    for (const bytes of [two, await signed(two, ada), await signed(two, ada, eve)]) {
      writeFileSync(path, bytes)
      t.equal(await world.serving.reload(), false)
      t.match(world.events.at(-1), { event: 'refused', step: 'signatures', reason: few })
      t.equal(ruleOf(world.serving.current()), 'c/one')
    }
    writeFileSync(path, await signed(two, ada, grace))
    t.equal(await world.serving.reload(), true)
    t.match(world.events.at(-1), { event: 'activated', signers: ['ada', 'grace'] })
    t.same(world.serving.status().active.signers, ['ada', 'grace'])
    writeFileSync(path, await signed(two, grace, ada))
    t.equal(await world.serving.reload(), true, 'signed anew it is the same revision')
    await world.serving.rollback('ops', 'verified again')
    t.equal(ruleOf(world.serving.current()), 'c/two')
  },
)
