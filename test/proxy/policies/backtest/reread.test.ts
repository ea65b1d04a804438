// Synthesised commands, read by the gateway's own reader against real tables, have the effects that they
// stand for.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Effect } from '../../../../engine/schemas/facts.js'
import { OPERATION_SHAPES } from '../../../../proxy/policies/backtest/operation-shapes.js'
import { covering, pairwiseSituations } from '../../../../proxy/policies/backtest/pairwise.js'
import { createRereading } from '../../../../proxy/policies/backtest/reread.js'
import { situationFacts } from '../../../../proxy/policies/backtest/situation-facts.js'
import { synthesised } from '../../../../proxy/policies/backtest/synthesise.js'

const LABELS = [
  { column: 'ssn', labels: ['pii', 'pii.ssn'] },
  { column: 'notes', labels: ['free_text'] },
]
const VOCABULARY = {
  words: new Map(),
  numbers: new Set<number>(),
  targetLabels: new Set<string>(),
  fields: new Set<string>(),
  grants: false,
}

// A busy machine may be slow to start a server.
t.setTimeout(240_000)

t.test('synthesised commands', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-reread-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const rereading = await createRereading({
    tables: ['sales.deals'],
    columns: ['ssn', 'notes'],
    labels: { before: LABELS, after: [] },
    cache,
    progress: () => undefined,
  })
  const [first] = pairwiseSituations(VOCABULARY, LABELS, [])
  if (first === undefined) throw new Error('there are situations')
  const { space } = first
  const place = (name: string): number => space.dimensions.findIndex((one) => one.name === name)
  const combined = [
    ['op', 'kind', 'where'],
    ['op', 'kind', 'detail'],
    ['op', 'flow', 'label'],
    ['flow', 'label', 'through'],
    ['op', 'limited'],
  ]
  const rows = combined.flatMap((names) => covering(space, [names.map(place)], 20_000))

  t.test('a command that is shown as SQL has the operation that it stands for', async (t) => {
    const wrong: string[] = []
    const shown = new Set<string>()
    for (const row of rows) {
      const facts = situationFacts(space, row, 'command')
      const { text, isSql } = synthesised(facts)
      const [main] = facts.command?.effects ?? []
      if (!isSql || main === undefined || shown.has(`${main.op} ${text}`)) continue
      shown.add(`${main.op} ${text}`)
      const read = await rereading.read(text, 'before', 'simple')
      const ops = read?.effects.map(({ op }) => op) ?? []
      if (!ops.includes(main.op)) wrong.push(`${main.op}: ${text} (${ops.join(', ')})`)
      const same = (effect: Effect): boolean => effect.op === main.op && effect.where === main.where
      if (main.where !== undefined && !read?.effects.some(same)) {
        wrong.push(`where ${main.where}: ${text}`)
      }
      const flow = facts.command?.flows[0]
      if (
        flow !== undefined &&
        !read?.flows.some(({ to, from }) => to === flow.to && from === flow.from)
      ) {
        wrong.push(`${flow.from} to ${flow.to}: ${text}`)
      }
    }
    t.same(wrong, [])
    t.ok(shown.size > 100, `${shown.size} commands`)
  })

  t.test('most operations can be shown', async (t) => {
    const shown = new Set(
      rows.flatMap((row) => {
        const facts = situationFacts(space, row, 'command')
        return synthesised(facts).isSql ? [facts.command?.effects[0]?.op ?? ''] : []
      }),
    )
    const missing = Object.keys(OPERATION_SHAPES).filter((op) => !shown.has(op))
    t.same(missing, ['network', 'replicate', 'unknown'])
  })

  t.test('each side reads under its own labels', async (t) => {
    const sql = 'SELECT ssn FROM public.orders'
    const [one, other] = [
      await rereading.read(sql, 'before', 'simple'),
      await rereading.read(sql, 'after', 'simple'),
    ]
    t.equal(one?.flows.length, 1)
    t.equal(other?.flows.length, 0)
  })
})
