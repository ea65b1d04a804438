// Labels below a json or jsonb column: which of a column's labels speak of paths alone, and with which masks a
// document is masked. A label that also speaks of the column itself masks all of it.
import type { Mask } from '../../schemas/decision.js'
import type { LabelRule } from '../../policy/policy.js'
import type { Catalogue, Column, DocumentLabels } from './catalogue.js'
import type { PathMask } from './json-mask.js'
import { isMatched } from './mask-match.js'
import { strictest } from './mask-strictness.js'

/** On every column with labelled paths, so that reading it shows that a copy is more than its labels. */
export const PATHS_LABEL = 'json_paths'

const NO_PATHS: DocumentLabels = { paths: [], whole: [] }

/** By the rules that fit a column; undefined where none of them has a path. */
export function documentOf(
  rules: readonly LabelRule[],
  others: readonly string[],
): DocumentLabels | undefined {
  const paths = rules.flatMap(({ path, labels }) => (path === undefined ? [] : [{ path, labels }]))
  const plain = rules.filter(({ path }) => path === undefined)
  const whole = [...plain.flatMap(({ labels }) => labels), ...others]
  return paths.length === 0 && whole.length === 0 ? undefined : { paths, whole }
}

/** With the paths of the columns whose values it holds as they are. */
export function withPathsOf(column: Column, catalogue: Catalogue): Column {
  const { derived = [], document = NO_PATHS } = column
  if (derived.length === 0) return column
  const paths = [...document.paths]
  const whole = [...document.whole]
  for (const { from, copy } of derived) {
    const source = columnNamed(from, catalogue)
    if (source === undefined) return column
    if (copy) paths.push(...(source.document?.paths ?? []))
    whole.push(...(copy ? wholeLabels(source) : source.labels))
  }
  if (paths.length === 0) return column
  return { ...column, document: { paths: distinct(paths), whole: [...new Set(whole)].sort() } }
}

/** How its document is masked; undefined where masks speak of all of it, or of none. */
export function pathMasksOf(
  column: Column,
  names: readonly string[],
  masks: readonly Mask[],
): readonly PathMask[] | undefined {
  const { document } = column
  if (document === undefined || document.paths.length === 0 || column.followed === true) {
    return undefined
  }
  const whole = wholeLabels(column)
  if (masks.some((mask) => names.some((name) => isMatched(mask, name, whole)))) return undefined
  const found = document.paths.flatMap(({ path, labels }) => {
    const mask = strictest(masks.filter((one) => isMatched(one, '', labels)))
    return mask === undefined ? [] : [{ path, mask }]
  })
  return found.length === 0 ? undefined : found
}

// Whatever is not known to speak of paths alone.
function wholeLabels({ labels, document }: Column): readonly string[] {
  if (document === undefined) return labels
  const below = document.paths.flatMap((one) => one.labels)
  return labels.filter(
    (label) => document.whole.includes(label) || (!below.includes(label) && label !== PATHS_LABEL),
  )
}

function columnNamed(from: string, { userRelations = [] }: Catalogue): Column | undefined {
  const table = userRelations.find(({ schema, name }) => from.startsWith(`${schema}.${name}.`))
  return table?.columns.find(({ name }) => from === `${table.schema}.${table.name}.${name}`)
}

function distinct(paths: DocumentLabels['paths']): DocumentLabels['paths'] {
  return [...new Map(paths.map((one) => [JSON.stringify(one), one])).values()]
}
