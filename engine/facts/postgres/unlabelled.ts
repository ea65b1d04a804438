// The label of columns that nobody has labelled, on a target where such columns are masked. A label of any kind, or
// a rule with none at all, says that somebody has looked; temporary tables hold what their session put there.
import type { LabelRule } from '../../policy/policy.js'
import type { Relation } from './catalogue.js'

export const UNLABELLED = 'unlabelled'

// Stands for “looked at, and holds nothing”, and goes the ways of a label while these are handed on.
const NOTHING = ''

export function withNothingSaid(rules: readonly LabelRule[]): readonly LabelRule[] {
  return rules.map((rule) => (rule.labels.length === 0 ? { ...rule, labels: [NOTHING] } : rule))
}

// What views and generated columns hold follows from what they read.
export function withUnlabelled(relation: Relation): Relation {
  if (relation.temporary || !HOLDING.includes(relation.kind)) return relation
  return {
    ...relation,
    columns: relation.columns.map((column) =>
      column.labels.length > 0 || column.generated || column.attnum <= 0
        ? column
        : { ...column, labels: [UNLABELLED] },
    ),
  }
}

const HOLDING: readonly Relation['kind'][] = ['r', 'p', 'f']

export function withoutNothing(relation: Relation): Relation {
  if (!relation.columns.some(({ labels }) => labels.includes(NOTHING))) return relation
  return {
    ...relation,
    columns: relation.columns.map((column) => {
      if (!column.labels.includes(NOTHING)) return column
      const labels = column.labels.filter((label) => label !== NOTHING)
      const { derived, ...rest } = column
      return {
        ...rest,
        labels,
        ...(labels.length === 0 || derived === undefined ? {} : { derived }),
      }
    }),
  }
}
