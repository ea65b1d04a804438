// The body of an SQL function as a query that stands in another text: its tables named in full, and each
// parameter a column of what is worked out beside it. A body that names its parameters is left alone: by the
// same name a column would be meant first.
import { parseSync } from 'libpg-query'
import type { Node, ParamRef, RangeVar } from 'libpg-query'
import type { Relation, Routine } from './catalogue.js'
import { isPlainQuery } from './routine-body.js'
import { createWritten, type Edit } from './splice-text.js'
import { isReplaced } from './splice-tree.js'
import { qualified } from './splice-view.js'

/** `parameter` gives what stands for $n; undefined where the body is not read so. */
export function queryOfBody(
  routine: Routine,
  relationOf: (range: RangeVar) => Relation | undefined,
  parameter: (number: number) => string,
): string | undefined {
  const body = routine.body?.trim().replace(/;\s*$/, '')
  // A name of the text around it could be meant where one of its own is not found.
  if (body === undefined || /sallyport_/i.test(body) || !isPlainQuery(onlyStatement(body))) {
    return undefined
  }
  const text = qualified(body, relationOf)
  const before = text === undefined ? undefined : onlyStatement(text)
  if (text === undefined || before === undefined || namesParameters(before, routine)) {
    return undefined
  }
  const written = createWritten(text)
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const ref of parametersIn(before)) {
    const number = ref.number ?? 0
    const word = written.wordAt(ref.location ?? 0)
    if (word?.text !== `$${number}` || number > routine.argumentTypes.length) return undefined
    const column = onlyStatement(`SELECT ${parameter(number)}`)
    const node = column === undefined ? undefined : firstTarget(column)
    if (node === undefined) return undefined
    edits.push({ start: word.start, end: word.end, text: parameter(number) })
    replacements.set(ref, node)
  }
  const made = written.edited(edits)
  return isReplaced(before, onlyStatement(made), replacements) ? made : undefined
}

export function onlyStatement(text: string): Node | undefined {
  const statements = parseSync(text).stmts ?? []
  return statements.length === 1 ? statements[0]?.stmt : undefined
}

function firstTarget(node: Node): Node | undefined {
  const [target] = 'SelectStmt' in node ? (node.SelectStmt.targetList ?? []) : []
  return target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}

function parametersIn(root: Node): readonly ParamRef[] {
  const found: ParamRef[] = []
  visit(root, (key, inner) => {
    if (key === 'ParamRef') found.push(inner as ParamRef)
  })
  return found
}

// Bare, or after the function's own name.
function namesParameters(root: Node, { name, argumentNames = [] }: Routine): boolean {
  const taken = new Set([name, ...argumentNames.filter((one) => one !== '')])
  let found = false
  visit(root, (key, inner) => {
    if (key !== 'ColumnRef' || argumentNames.every((one) => one === '')) return
    const [first] = (inner as { readonly fields?: readonly Node[] }).fields ?? []
    if (first !== undefined && 'String' in first && taken.has(first.String.sval ?? '')) found = true
  })
  return found
}

/** Calls `seen` for each node, by its kind. */
export function visit(value: unknown, seen: (key: string, inner: object) => void): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one, seen)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
    if (typeof inner !== 'object' || inner === null) continue
    if (/^[A-Z]/.test(key)) seen(key, inner)
    visit(inner, seen)
  }
}
