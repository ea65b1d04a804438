// A bundle is used as a whole or not at all, and whatever is wrong with one is found before it decides
// anything.
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { policyOf } from '../../../engine/policy/bundle.js'
import { ENTRYPOINTS } from '../../../engine/policy/decide.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import { chance } from '../../fuzz/chance.js'
import { builtBundle, packed, unpacked } from './opa-lab.js'

const PLAIN = `package sallyport.main

decision := {"action": "allow", "rules": [], "masks": [], "limits": {}}

degraded := decision

approval := {"allow": false, "reason": "nobody"}
`
const LABELS = { labels: { columns: [{ column: 'ssn', labels: ['pii'] }] } }

function opened(bytes: Uint8Array): Promise<Policy> {
  return policyOf(bytes, { id: 1, fuel: 5_000_000 })
}

async function built(rules: string, data: unknown = LABELS): Promise<Buffer> {
  const sources = { 'main.rego': rules, 'data.json': JSON.stringify(data) }
  return builtBundle(sources, Object.values(ENTRYPOINTS))
}

t.test('bundles', async (t) => {
  const bytes = await built(PLAIN)
  const files = await unpacked(bytes)
  const changed = async (change: (files: Map<string, Buffer>) => void): Promise<Buffer> => {
    const copy = new Map(files)
    change(copy)
    return packed(copy)
  }

  t.test('a bundle as OPA builds it decides', async (t) => {
    const policy = await opened(bytes)
    for (const facts of SMOKE_FACTS) t.equal(policy.decide(facts, 'decision').action, 'allow')
    t.same(policy.labels, [{ column: 'ssn', labels: ['pii'] }])
    t.match(policy.digest, /^sha256:[0-9a-f]{64}$/)
    t.match(policy.wasmDigest, /^sha256:[0-9a-f]{64}$/)
    t.equal(policy.reads, undefined)
  })

  t.test('its digest is of what it holds, not of how it is packed', async (t) => {
    const { digest } = await opened(bytes)
    const reversed = await packed([...files].reverse())
    t.equal((await opened(reversed)).digest, digest)
    const again = gzipSync(gunzipSync(bytes), { level: 1 })
    t.equal((await opened(again)).digest, digest)
    const other = await changed((all) => all.set('/notes.rego', Buffer.from('package notes')))
    t.not((await opened(other)).digest, digest)
  })

  t.test('what it says of itself is taken from its manifest', async (t) => {
    const manifest = { revision: 'abc', metadata: { sallyport_reads: ['identity.kind'] } }
    const policy = await opened(
      await changed((all) => all.set('/.manifest', Buffer.from(JSON.stringify(manifest)))),
    )
    t.equal(policy.revision, 'abc')
    t.same(policy.reads, ['identity.kind'])
  })

  t.test('what would not be read, or would be read twice, refuses the bundle', async (t) => {
    for (const name of [
      '/labels/data.json',
      '/data.yaml',
      '/other.wasm',
      '/patch.json',
      '/../x.rego',
      '/a//b',
    ]) {
      await t.rejects(
        opened(await changed((all) => all.set(name, Buffer.from('{}')))),
        /the bundle holds/,
        name,
      )
    }
    const twice = await packed([...files, ['policy.wasm', Buffer.from('')] as const])
    await t.rejects(opened(twice), /twice/)
  })

  t.test('a bundle without its parts is refused', async (t) => {
    await t.rejects(opened(await changed((all) => all.delete('/policy.wasm'))), /policy\.wasm/)
    await t.rejects(
      opened(await changed((all) => all.set('/policy.wasm', Buffer.from('nonsense')))),
      /not valid WebAssembly/,
    )
    await t.rejects(opened(await changed((all) => all.set('/data.json', Buffer.from('{')))))
    await t.rejects(opened(await changed((all) => all.delete('/data.json'))), /data\.json/)
    await t.rejects(opened(await changed((all) => all.delete('/.manifest'))), /manifest/)
    const one = await builtBundle({ 'main.rego': PLAIN }, [ENTRYPOINTS.decision])
    await t.rejects(opened(one), /no entrypoint/)
  })

  t.test('labels that are none would leave columns bare, and refuse the bundle', async (t) => {
    for (const columns of [
      {},
      'ssn',
      [{ column: 'ssn' }],
      [{ column: 'ssn', labels: [1] }],
      [{ column: 'ssn', labels: 'pii' }],
      [{ column: 'ssn', labels: ['pii'], tabel: 'x' }],
      [{ labels: ['pii'] }],
      [null],
    ]) {
      const data = Buffer.from(JSON.stringify({ labels: { columns } }))
      await t.rejects(opened(await changed((all) => all.set('/data.json', data))), /labels/)
    }
  })

  t.test('bytes that are no bundle are refused', async (t) => {
    for (const wrong of [
      Buffer.from(''),
      Buffer.from('x'),
      gzipSync('x'),
      gzipSync(Buffer.alloc(3000, 1)),
    ]) {
      await t.rejects(opened(wrong))
    }
    await t.rejects(opened(gzipSync(Buffer.alloc(80 * 1024 * 1024))))
  })

  t.test('a bundle cut short or damaged is refused or whole', async (t) => {
    const random = chance(7)
    const tar = gunzipSync(bytes)
    for (let turn = 0; turn < 150; turn++) {
      const damaged = Buffer.from(tar)
      damaged[random.below(damaged.length)] = random.below(256)
      const cut = random.below(2) === 0 ? damaged : damaged.subarray(0, random.below(tar.length))
      const policy = await opened(gzipSync(cut, { level: 1 })).catch((thrown: unknown) => {
        if (!(thrown instanceof Error)) t.fail(`thrown: ${String(thrown)}`)
        return undefined
      })
      const facts = SMOKE_FACTS[0]
      if (policy !== undefined && facts !== undefined) {
        t.ok(['allow', 'deny'].includes(policy.decide(facts, 'decision').action))
      }
    }
    t.pass('nothing hung')
  })
})

t.test('a bundle that cannot decide the plainest case is refused, and says so', async (t) => {
  const rest = 'degraded := decision\n\napproval := {"allow": false, "reason": ""}\n'
  for (const [rules, why] of [
    [`decision := {"action": "allow"} if input.stage == "neither"\n\n${rest}`, /no answer/],
    [`decision := "allow"\n\n${rest}`, /not a decision/],
    [`decision := x if some x in ["a", "b"]\n\n${rest}`, /the policy failed/],
    [
      `decision := count([1 | some a in numbers.range(1, 5000); some b in numbers.range(1, 5000); a + b < 0])\n\n${rest}`,
      /too long/,
    ],
    [
      `${PLAIN.split('\n\n')[1]}\n\ndegraded := 1\n\napproval := {"allow": true, "reason": ""}\n`,
      /degraded/,
    ],
    [`${PLAIN.split('\n\n')[1]}\n\ndegraded := decision\n\napproval := true\n`, /approval/],
  ] as const) {
    await t.rejects(opened(await built(`package sallyport.main\n\n${rules}`)), why)
  }
})
