// What a session has on the target under a name, in step with what the target has confirmed.
import t from 'tap'
import type { Catalogue } from '../../../../engine/facts/postgres/catalogue.js'
import {
  createMemory,
  type Change,
  type Portal,
  type Prepared,
} from '../../../../proxy/protocols/postgres/memory.js'

const catalogue = { version: 1 } as unknown as Catalogue
const prepared = (text: string): Prepared => ({
  text,
  wrapped: false,
  reading: 1,
  statement: undefined,
  catalogue,
  names: { searchPath: [], role: '' },
})
const portal = (hold = false): Portal => ({
  statement: undefined,
  reading: 1,
  cursor: true,
  hold,
  policy: 1,
  stamp: 0,
  catalogue,
  prepared: undefined,
  resolvedTo: undefined,
  formats: [],
  running: undefined,
  columns: undefined,
  describing: false,
  executed: false,
  segment: 0,
  mark: 0,
})
const statementIs = (name: string, to: Prepared | undefined): Change => ({
  kind: 'statement',
  name,
  to,
})
const portalIs = (name: string, to: Portal | undefined): Change => ({ kind: 'portal', name, to })

t.test(
  'a pending change counts within its run of messages, and must be awaited beyond',
  async (t) => {
    const memory = createMemory(() => undefined)
    const one = prepared('one')
    const changes = [statementIs('s', one)]
    memory.expect(changes, 1)
    t.equal(memory.statement('s', 1), one)
    t.equal(memory.statement('s', 2), 'wait')
    t.equal(memory.statement('other', 2), undefined)
    memory.confirm(changes)
    t.equal(memory.statement('s', 2), one)
  },
)

t.test('what failed leaves what was there before', async (t) => {
  const memory = createMemory(() => undefined)
  const [one, two] = [prepared('one'), prepared('two')]
  memory.confirm([statementIs('s', one)])
  const failing = [statementIs('s', two)]
  memory.expect(failing, 3)
  t.equal(memory.statement('s', 3), two)
  memory.drop(failing)
  t.equal(memory.statement('s', 4), one)
})

t.test('DEALLOCATE ALL and CLOSE ALL take every name', async (t) => {
  const memory = createMemory(() => undefined)
  memory.confirm([statementIs('s', prepared('x')), portalIs('p', portal())])
  const all: readonly Change[] = [{ kind: 'statements_cleared' }, { kind: 'portals_cleared' }]
  memory.expect(all, 1)
  t.equal(memory.statement('s', 1), undefined)
  t.equal(memory.statement('s', 2), 'wait')
  memory.confirm(all)
  t.equal(memory.statement('s', 2), undefined)
  t.equal(memory.portal('p', 2), undefined)
})

t.test('a transaction takes its cursors with it, but not those WITH HOLD', async (t) => {
  const gone: Portal[] = []
  const memory = createMemory((one) => void gone.push(one))
  const [plain, held] = [portal(), portal(true)]
  memory.confirm([portalIs('c', plain), portalIs('h', held)])
  memory.endTransaction()
  t.equal(memory.portal('c', 1), undefined)
  t.equal(memory.portal('h', 1), held)
  t.same(gone, [plain])
})

t.test('ROLLBACK TO takes what was made since, and keeps the savepoint', async (t) => {
  const memory = createMemory(() => undefined)
  const [before, after, later] = [portal(), portal(), portal()]
  memory.confirm([portalIs('a', before), { kind: 'savepoint', name: 's' }, portalIs('b', after)])
  memory.confirm([{ kind: 'rollback_to', name: 's' }])
  t.equal(memory.portal('a', 1), before)
  t.equal(memory.portal('b', 1), undefined)
  memory.confirm([portalIs('b', later), { kind: 'rollback_to', name: 's' }])
  t.equal(memory.portal('b', 1), undefined)
  memory.confirm([{ kind: 'release', name: 's' }])
  t.equal(memory.portal('a', 1), before)
})

t.test('a portal that is replaced is told as gone', async (t) => {
  const gone: Portal[] = []
  const memory = createMemory((one) => void gone.push(one))
  const [one, two] = [portal(), portal()]
  memory.confirm([portalIs('', one)])
  memory.confirm([portalIs('', two)])
  t.same(gone, [one])
})
