// Labels that followed data find their columns: by number once the database has shown it, by name or place before,
// and for the statements behind one in the same text.
import t from 'tap'
import type { Relation } from '../../../../engine/facts/postgres/catalogue.js'
import {
  followedLabels,
  followedLabelsOf,
  withStored,
  type FollowedLabel,
} from '../../../../engine/facts/postgres/followed-labels.js'
import { createLab } from './lab.js'

const { catalogue } = await createLab()
const found = catalogue.relation('public', 'audit_log')
if (found === undefined) throw new Error('no such table')
const log: Relation = found
const one: FollowedLabel = {
  oid: log.oid,
  attnum: 2,
  schema: 'elsewhere',
  relation: 'other',
  column: 'was',
  labels: ['pii'],
  bound: true,
}
const labels = (of: Relation, ...followed: readonly FollowedLabel[]): readonly string[] =>
  of.columns
    .filter((column) => followedLabelsOf(column, followedLabels(of, followed)).length > 0)
    .map(({ name }) => name)

t.test('by number, whatever it is called now', async (t) => {
  t.same(labels(log, one), ['what'])
  t.same(labels({ ...log, oid: log.oid + 1 }, one), [])
  t.same(labels({ ...log, oid: 1, schema: 'elsewhere', name: 'other' }, one), [])
})

t.test('by name or place, until that is certain', async (t) => {
  const named = { ...one, oid: 0, schema: 'public', relation: 'audit_log', bound: false }
  t.same(labels(log, named), ['what'], 'by place')
  t.same(labels(log, { ...named, attnum: 9, column: 'id' }), ['id'], 'by name')
  t.same(labels(log, { ...named, attnum: 0, column: '*' }), ['id', 'what'], 'any')
  t.same(labels({ ...log, schema: 'app' }, named), [])
  t.same(labels(log, { ...named, oid: 1 }), ['what'], 'made anew since')
})

t.test('temporary tables are those of the session', async (t) => {
  const own = { ...one, oid: 0, schema: 'pg_temp', relation: 'audit_log', bound: false }
  t.same(labels({ ...log, schema: 'pg_temp_3', temporary: true }, own), ['what'])
  t.same(labels(log, own), [])
})

t.test('for the statements behind it in one text', async (t) => {
  const relation = {
    oid: log.oid,
    before: 0,
    schema: 'public',
    name: 'audit_log',
    temporary: false,
  }
  const stored = {
    relation,
    attnum: 2,
    column: 'what',
    from: 'a.b.c',
    labels: ['pii'],
    kept: false,
  }
  const after = withStored(catalogue, [stored])
  t.same(
    after.relation('public', 'audit_log')?.columns.map((column) => column.labels),
    [[], ['pii']],
  )
  t.equal(after.relation('public', 'audit_log'), after.relationByOid(log.oid))
  t.equal(after.relation('public', 'orders'), catalogue.relation('public', 'orders'))
  t.equal(withStored(catalogue, [{ ...stored, kept: true }]), catalogue)
})
