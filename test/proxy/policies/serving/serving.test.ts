// Policies are swapped whole, between two commands; what cannot be used is refused with the reason, and
// what was there stays.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Source } from '../../../../proxy/policies/serving/source.js'
import { bundleOf, ruleOf, rules, scratch, served, until } from './lab.js'

t.setTimeout(120_000)

t.test(
  'a folder is built again on each save; one that is wrong leaves the old in force',
  async (t) => {
    const folder = scratch(t)
    const file = join(folder, 'main.rego')
    writeFileSync(file, rules('a/one'))
    const { serving, story, events, kept } = await served(t, { path: folder })
    const first = serving.current()
    t.same(story(), ['activated'])

    writeFileSync(file, rules('a/two'))
    await until(t, 'the save is active', () => ruleOf(serving.current()) === 'a/two')
    t.ok(serving.current().id > first.id)
    t.equal(ruleOf(first), 'a/one', 'a command that began under the old one ends under it')

    const second = serving.current()
    writeFileSync(file, `${rules('a/three')}\nbroken :=\n`)
    await until(t, 'the mistake is told', () => events.at(-1)?.event === 'refused')
    t.match(events.at(-1), { step: 'build', reason: /main\.rego/ })
    t.equal(serving.current(), second)
    t.ok(serving.ageMs() >= 0)

    mkdirSync(join(folder, 'area'))
    writeFileSync(join(folder, 'area', 'more.rego'), 'package more\n\nx := 1\n')
    writeFileSync(file, rules('a/four'))
    await until(t, 'the repair is active', () => ruleOf(serving.current()) === 'a/four')
    t.ok(kept.size >= 3)
    t.ok(kept.has(serving.current().digest), 'what decides is kept')
    t.equal(serving.ageMs(), 0)
  },
)

t.test('a bundle file is read again when it is replaced', async (t) => {
  const folder = scratch(t)
  const path = join(folder, 'policies.tar.gz')
  const replaced = async (id: string): Promise<void> => {
    writeFileSync(`${path}.new`, await bundleOf(t, rules(id)))
    renameSync(`${path}.new`, path)
  }
  await replaced('b/one')
  const { serving, events } = await served(t, { path })
  await replaced('b/two')
  await until(t, 'the new one is active', () => ruleOf(serving.current()) === 'b/two')

  writeFileSync(path, 'not a bundle')
  await until(t, 'the other is refused', () => events.at(-1)?.step === 'archive')
  t.equal(ruleOf(serving.current()), 'b/two')

  rmSync(path)
  t.equal(await serving.reload(), false)
  t.match(events.at(-1), { step: 'download', reason: /there are no policies at/ })
  t.equal(ruleOf(serving.current()), 'b/two')
})

t.test(
  'the same policies again are no activation, the same mistake again is told once',
  async (t) => {
    const folder = scratch(t)
    const file = join(folder, 'main.rego')
    writeFileSync(file, rules('c/one'))
    const { serving, story } = await served(t, { path: folder })
    t.equal(await serving.reload(), false)
    t.same(story(), ['activated'])
    writeFileSync(file, 'package x\n')
    for (let turn = 0; turn < 3; turn++) t.equal(await serving.reload(), false)
    t.equal(story().length, 2)
    writeFileSync(file, rules('c/one'))
    t.equal(await serving.reload(), false)
    t.equal(serving.status().refused, null, 'what was refused is forgotten once all is well')
  },
)

t.test('reloads asked for at once end with the last save', async (t) => {
  const folder = scratch(t)
  writeFileSync(join(folder, 'main.rego'), rules('d/0'))
  const { serving } = await served(t, { path: folder })
  const all: Promise<boolean>[] = []
  for (const n of [1, 2, 3]) {
    writeFileSync(join(folder, 'main.rego'), rules(`d/${n}`))
    all.push(serving.reload())
  }
  await Promise.all(all)
  t.equal(ruleOf(serving.current()), 'd/3')
})

t.test('a folder may give other bytes for one commit: it is built here', async (t) => {
  const folder = scratch(t)
  const path = join(folder, 'policies.tar.gz')
  const file = join(folder, 'policy.json')
  const revision = 'same'
  const [one, two] = [
    await bundleOf(t, rules('h/one'), { revision }),
    await bundleOf(t, rules('h/two'), { revision }),
  ]
  let bytes = one
  const source = (kind: 'folder' | 'file'): Source => ({
    kind,
    place: path,
    look: async () => ({ bytes, at: performance.now() }),
    follow: () => undefined,
    close: () => undefined,
  })
  const { kept } = await served(t, { source: source('folder'), file })
  bytes = two
  const again = await served(t, { source: source('folder'), file, kept })
  t.equal(ruleOf(again.serving.current()), 'h/two')
  bytes = one
  const third = await served(t, { source: source('file'), file, kept: again.kept })
  t.equal(ruleOf(third.serving.current()), 'h/two', 'a bundle may not')
})

t.test('without a usable policy to begin with there is none', async (t) => {
  const folder = scratch(t)
  await t.rejects(served(t, { path: join(folder, 'missing') }), { code: 'bundle_invalid' })
  writeFileSync(join(folder, 'main.rego'), 'package x\n')
  await t.rejects(served(t, { path: folder }), { code: 'bundle_invalid' })
})

t.test(
  'a start without the source goes on with the last good bundle, and knows its age',
  async (t) => {
    const folder = scratch(t)
    const [path, file] = [join(folder, 'policies.tar.gz'), join(folder, 'policy.json')]
    writeFileSync(path, await bundleOf(t, rules('e/one')))
    const { serving, kept } = await served(t, { path, file })
    serving.close()
    rmSync(path)
    const again = await served(t, { path, file, kept })
    t.equal(ruleOf(again.serving.current()), 'e/one')
    t.match(again.story(), [/^refused download/, /^activated the last good one; the source: /])
    t.ok(again.serving.ageMs() > 0)

    const other = join(folder, 'other.tar.gz')
    await t.rejects(
      served(t, { path: other, file, kept }),
      /no policies at/,
      'of this source alone',
    )
    const [digest] = [...kept.keys()]
    const changed = new Map([[digest ?? '', await bundleOf(t, rules('e/two'))]])
    await t.rejects(served(t, { path, file, kept: changed }), /was changed/)
  },
)

t.test('what cannot be kept does not decide', async (t) => {
  const folder = scratch(t)
  const path = join(folder, 'policies.tar.gz')
  writeFileSync(path, await bundleOf(t, rules('f/one')))
  let full = false
  const { serving, events } = await served(t, {
    path,
    keep: () => {
      if (full) throw new Error('no space left')
    },
  })
  full = true
  writeFileSync(path, await bundleOf(t, rules('f/two')))
  t.equal(await serving.reload(), false)
  t.match(events.at(-1), { event: 'refused', step: 'keep' })
  t.equal(ruleOf(serving.current()), 'f/one')
  full = false
  t.equal(await serving.reload(), true)
})

t.test(
  'going back holds the bundle before, across saves and starts, until told otherwise',
  async (t) => {
    const folder = scratch(t)
    const [path, file] = [join(folder, 'policies.tar.gz'), join(folder, 'policy.json')]
    const [one, two, three] = await Promise.all(
      ['g/one', 'g/two', 'g/three'].map((id) => bundleOf(t, rules(id), { revision: id })),
    )
    const replaced = (bytes: Buffer | undefined): void => writeFileSync(path, bytes ?? '')
    replaced(one)
    const { serving, story, kept } = await served(t, { path, file })
    await t.rejects(serving.rollback('ops', 'why'), { code: 'conflict' }, 'nothing was before it')
    replaced(two)
    await serving.reload()
    replaced(three)
    await serving.reload()

    await serving.rollback('ops', 'it denied too much')
    t.equal(ruleOf(serving.current()), 'g/two')
    t.match(story().slice(-2), [
      'activated ops it denied too much',
      'rolled_back ops it denied too much',
    ])
    t.equal(await serving.reload(), false, 'the source does not undo it')
    await t.rejects(serving.activate('ops'), { code: 'conflict', message: /held at .* by ops/ })
    await serving.rollback('ops', 'further')
    t.equal(ruleOf(serving.current()), 'g/one')
    serving.close()

    const again = await served(t, { path, file, kept })
    t.equal(ruleOf(again.serving.current()), 'g/one', 'a start does not undo it either')
    await again.serving.pin('ops', 'g/two', 'that one')
    t.equal(ruleOf(again.serving.current()), 'g/two')
    await t.rejects(again.serving.pin('ops', 'g/four', ''), { code: 'not_found' })
    const { digest } = again.serving.current()
    await again.serving.pin('ops', digest.slice(0, 20), 'by a part of its digest')

    await again.serving.unpin('ops', 'repaired')
    t.equal(ruleOf(again.serving.current()), 'g/three', 'what the source has, again')
    t.match(again.story().slice(-2), ['unpinned ops repaired', 'activated ops'])
    await t.rejects(again.serving.unpin('ops', ''), { code: 'conflict' })
    again.serving.close()

    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40))
    await t.rejects(served(t, { path, file, kept }), { code: 'state_failed', message: /damaged/ })
  },
)
