// Reads what PostgreSQL keeps of a query in `pg_rewrite.ev_action` (nodes/outfuncs.c): nodes with named
// fields, lists, strings, numbers. What stands behind a field are all values up to the next.

export type TreeNode = {
  readonly tag: string
  readonly fields: ReadonlyMap<string, readonly TreeValue[]>
}

export type TreeValue = string | TreeNode | readonly TreeValue[]

const TOKEN = /"(?:[^"\\]|\\[\s\S])*"|\\?[{}()[\]](?<!\\.)|(?:[^\s{}()[\]\\]|\\[\s\S])+/g

export function treeOf(text: string): TreeValue {
  const tokens = text.match(TOKEN) ?? []
  let at = 0
  const value = (): TreeValue => {
    const token = tokens[at++] ?? ''
    if (token === '{') return node()
    if (token === '(' || token === '[') {
      const list: TreeValue[] = []
      while (at < tokens.length && tokens[at] !== ')' && tokens[at] !== ']') list.push(value())
      at++
      return list
    }
    return token
  }
  const node = (): TreeNode => {
    const tag = tokens[at++] ?? ''
    const fields = new Map<string, TreeValue[]>()
    let values: TreeValue[] = []
    while (at < tokens.length && tokens[at] !== '}') {
      const token = tokens[at] ?? ''
      if (token.startsWith(':') && token.length > 1) {
        at++
        fields.set(token.slice(1), (values = []))
      } else values.push(value())
    }
    at++
    return { tag, fields }
  }
  return value()
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && 'tag' in value
}

/** The one value of a field; undefined where it has none. */
export function fieldOf(node: TreeNode, name: string): TreeValue | undefined {
  const [value] = node.fields.get(name) ?? []
  return value === '<>' ? undefined : value
}

export function numberOf(node: TreeNode, name: string): number {
  return Number(fieldOf(node, name) ?? 0)
}

export function nodesOf(node: TreeNode, name: string): readonly TreeNode[] {
  const value = fieldOf(node, name)
  return Array.isArray(value) ? value.filter(isNode) : []
}
