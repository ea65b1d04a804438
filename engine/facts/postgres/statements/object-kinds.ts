// A table of PostgreSQL's kinds of objects: the word in our facts, the words in its command tags, and
// how a statement's name for one is resolved.
import type { Node, ObjectType, RangeVar } from 'libpg-query'
import type { ObjectKind, Operation } from '../../../schemas/facts.js'
import { resolveRelation, resolveRoutines } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import { columnLabels, effectOn, objectName } from '../relation-effect.js'
import { nameParts, namesOf, rangeOf, rangeParts } from '../tree.js'

type Naming = 'relation' | 'routine' | 'plain' | 'of_relation' | 'of_type'

const OBJECTS: Readonly<Record<ObjectType, readonly [ObjectKind, string, Naming]>> = {
  OBJECT_ACCESS_METHOD: ['other', 'ACCESS METHOD', 'plain'],
  OBJECT_AGGREGATE: ['function', 'AGGREGATE', 'routine'],
  OBJECT_AMOP: ['other', 'OPERATOR FAMILY', 'plain'],
  OBJECT_AMPROC: ['other', 'OPERATOR FAMILY', 'plain'],
  OBJECT_ATTRIBUTE: ['type', 'TYPE', 'relation'],
  OBJECT_CAST: ['other', 'CAST', 'plain'],
  OBJECT_COLUMN: ['table', 'TABLE', 'of_relation'],
  OBJECT_COLLATION: ['other', 'COLLATION', 'plain'],
  OBJECT_CONVERSION: ['other', 'CONVERSION', 'plain'],
  OBJECT_DATABASE: ['database', 'DATABASE', 'plain'],
  OBJECT_DEFAULT: ['other', 'DEFAULT', 'plain'],
  OBJECT_DEFACL: ['other', 'DEFAULT PRIVILEGES', 'plain'],
  OBJECT_DOMAIN: ['type', 'DOMAIN', 'plain'],
  OBJECT_DOMCONSTRAINT: ['type', 'DOMAIN', 'of_type'],
  OBJECT_EVENT_TRIGGER: ['trigger', 'EVENT TRIGGER', 'plain'],
  OBJECT_EXTENSION: ['extension', 'EXTENSION', 'plain'],
  OBJECT_FDW: ['server', 'FOREIGN DATA WRAPPER', 'plain'],
  OBJECT_FOREIGN_SERVER: ['server', 'SERVER', 'plain'],
  OBJECT_FOREIGN_TABLE: ['foreign_table', 'FOREIGN TABLE', 'relation'],
  OBJECT_FUNCTION: ['function', 'FUNCTION', 'routine'],
  OBJECT_INDEX: ['index', 'INDEX', 'relation'],
  OBJECT_LANGUAGE: ['language', 'LANGUAGE', 'plain'],
  OBJECT_LARGEOBJECT: ['large_object', 'LARGE OBJECT', 'plain'],
  OBJECT_MATVIEW: ['materialized_view', 'MATERIALIZED VIEW', 'relation'],
  OBJECT_OPCLASS: ['other', 'OPERATOR CLASS', 'plain'],
  OBJECT_OPERATOR: ['other', 'OPERATOR', 'plain'],
  OBJECT_OPFAMILY: ['other', 'OPERATOR FAMILY', 'plain'],
  OBJECT_PARAMETER_ACL: ['setting', 'PARAMETER', 'plain'],
  OBJECT_POLICY: ['policy', 'POLICY', 'of_relation'],
  OBJECT_PROCEDURE: ['function', 'PROCEDURE', 'routine'],
  OBJECT_PUBLICATION: ['publication', 'PUBLICATION', 'plain'],
  OBJECT_PUBLICATION_NAMESPACE: ['publication', 'PUBLICATION', 'plain'],
  OBJECT_PUBLICATION_REL: ['publication', 'PUBLICATION', 'plain'],
  OBJECT_ROLE: ['role', 'ROLE', 'plain'],
  OBJECT_ROUTINE: ['function', 'ROUTINE', 'routine'],
  OBJECT_RULE: ['rule', 'RULE', 'of_relation'],
  OBJECT_SCHEMA: ['schema', 'SCHEMA', 'plain'],
  OBJECT_SEQUENCE: ['sequence', 'SEQUENCE', 'relation'],
  OBJECT_SUBSCRIPTION: ['subscription', 'SUBSCRIPTION', 'plain'],
  OBJECT_STATISTIC_EXT: ['other', 'STATISTICS', 'plain'],
  OBJECT_TABCONSTRAINT: ['table', 'TABLE', 'of_relation'],
  OBJECT_TABLE: ['table', 'TABLE', 'relation'],
  OBJECT_TABLESPACE: ['tablespace', 'TABLESPACE', 'plain'],
  OBJECT_TRANSFORM: ['other', 'TRANSFORM', 'plain'],
  OBJECT_TRIGGER: ['trigger', 'TRIGGER', 'of_relation'],
  OBJECT_TSCONFIGURATION: ['other', 'TEXT SEARCH CONFIGURATION', 'plain'],
  OBJECT_TSDICTIONARY: ['other', 'TEXT SEARCH DICTIONARY', 'plain'],
  OBJECT_TSPARSER: ['other', 'TEXT SEARCH PARSER', 'plain'],
  OBJECT_TSTEMPLATE: ['other', 'TEXT SEARCH TEMPLATE', 'plain'],
  OBJECT_TYPE: ['type', 'TYPE', 'plain'],
  OBJECT_USER_MAPPING: ['server', 'USER MAPPING', 'plain'],
  OBJECT_VIEW: ['view', 'VIEW', 'relation'],
}

export function objectWords(type: ObjectType | undefined): string {
  return OBJECTS[type ?? 'OBJECT_TABLE'][1]
}

export function objectKind(type: ObjectType | undefined): ObjectKind {
  return OBJECTS[type ?? 'OBJECT_TABLE'][0]
}

export type NamedObject = {
  readonly type: ObjectType
  readonly relation?: RangeVar | undefined
  readonly object?: Node | undefined
  // Name of a part of `relation`: a trigger, rule, policy.
  readonly own?: string | undefined
  readonly detail?: string | undefined
  // An object that is not there is no error (IF EXISTS).
  readonly missingOk?: boolean | undefined
}

// Declares an operation on an object of any kind, however the statement names it.
export function objectEffect(analysis: Analysis, op: Operation, named: NamedObject): void {
  const [kind, , naming] = OBJECTS[named.type]
  const detail = named.detail === undefined ? {} : { detail: named.detail }
  const parts = named.relation === undefined ? partsOf(named.object) : rangeParts(named.relation)
  switch (naming) {
    case 'relation':
      relationByName(analysis, op, parts, kind, named)
      return
    case 'of_relation':
      ofRelation(analysis, op, parts, kind, named)
      return
    case 'routine': {
      const found = resolveRoutines(analysis, parts)[0]
      const object = found === undefined ? parts.join('.') : `${found.schema}.${found.name}`
      analysis.effect({ op, object, kind, ...detail })
      return
    }
    case 'of_type':
    case 'plain':
      analysis.effect({ op, object: parts.join('.'), kind, ...detail })
  }
}

function partsOf(object: Node | undefined): readonly string[] {
  if (object !== undefined && 'List' in object) {
    const items = object.List.items ?? []
    // A cast, transform or operator class: names of several things, each of its own form.
    if (!items.every((item) => 'String' in item)) return items.flatMap((item) => nameParts(item))
    return namesOf(items)
  }
  return nameParts(object)
}

function relationByName(
  analysis: Analysis,
  op: Operation,
  parts: readonly string[],
  kind: ObjectKind,
  named: NamedObject,
): void {
  const range = rangeOf(parts)
  const relation = resolveRelation(analysis, range)
  const detail = named.detail === undefined ? {} : { detail: named.detail }
  if (changesNames(op, named)) analysis.touch(range.relname ?? '')
  if (relation === undefined) {
    const object = parts.join('.')
    analysis.effect({ op, object, kind, ...detail })
    // Indexes are not in the catalogue; nothing else is done to them than to their relation.
    if (named.missingOk !== true && kind !== 'index') {
      analysis.unread('name_not_resolved', object, 'relation')
    }
    return
  }
  const labels = [...columnLabels(relation)]
  analysis.effect(effectOn(op, relation, { ...detail, ...(labels.length > 0 ? { labels } : {}) }))
}

// A trigger, rule, policy, constraint or column: the last part is its name, the rest its relation's.
// In the facts its object is schema.relation.name.
function ofRelation(
  analysis: Analysis,
  op: Operation,
  parts: readonly string[],
  kind: ObjectKind,
  named: NamedObject,
): void {
  const own = named.relation === undefined ? parts.at(-1) : named.own
  const range = named.relation ?? rangeOf(parts.slice(0, -1))
  const relation = resolveRelation(analysis, range)
  if (changesNames(op, named)) analysis.touch(range.relname ?? '')
  const base = relation === undefined ? rangeParts(range).join('.') : objectName(relation)
  const detail = named.detail === undefined ? {} : { detail: named.detail }
  if (kind === 'table' && relation !== undefined) {
    const labels = [...columnLabels(relation)]
    const more = { ...detail, ...(labels.length > 0 ? { labels } : {}) }
    analysis.effect(effectOn(op, relation, more))
  } else {
    analysis.effect({ op, object: own === undefined ? base : `${base}.${own}`, kind, ...detail })
  }
  if (relation === undefined && named.missingOk !== true) {
    analysis.unread('name_not_resolved', base, 'relation')
  }
}

function changesNames(op: Operation, named: NamedObject): boolean {
  const { detail } = named
  return op !== 'grant' && op !== 'revoke' && detail !== 'comment' && detail !== 'security_label'
}
