// Which paths of the facts a policy reads, taken from OPA's syntax trees: a decision may be used again
// for facts that agree on all of them. What cannot be followed counts as reading everything.

// Sorted paths such as `session.counters.denials`; undefined where rules read the input as a whole.
// `modules` is what `opa parse --format json` prints for each file.
export function readsOf(modules: readonly unknown[]): readonly string[] | undefined {
  const paths = new Set<string>()
  const whole = { read: false }
  for (const module of modules) collect(module, paths, whole)
  return whole.read ? undefined : [...paths].sort()
}

function collect(node: unknown, paths: Set<string>, whole: { read: boolean }): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, paths, whole)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && 'value' in node) {
    if (node.type === 'ref' && Array.isArray(node.value) && isInput(node.value[0])) {
      const path = constantPath(node.value.slice(1))
      if (path === '') whole.read = true
      else paths.add(path)
      // What stands in the brackets may read the input too.
      for (const part of node.value.slice(1)) collect(part, paths, whole)
      return
    }
    if (isInput(node)) whole.read = true
  }
  for (const [key, inner] of Object.entries(node)) {
    if (key !== 'location' && key !== 'annotations' && key !== 'comments')
      collect(inner, paths, whole)
  }
}

function isInput(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || !('type' in node) || !('value' in node))
    return false
  return node.type === 'var' && node.value === 'input'
}

// As far as the path is written out; from a variable on, everything below is read.
function constantPath(parts: readonly unknown[]): string {
  const path: string[] = []
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || !('type' in part) || !('value' in part)) break
    if (part.type !== 'string' || typeof part.value !== 'string' || part.value.includes('.')) break
    path.push(part.value)
  }
  return path.join('.')
}
