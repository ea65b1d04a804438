// The rules of a policy as their author wrote them: where they stand, what they are called, and the text of
// each of their conditions. Taken from OPA's syntax trees.
import { OPERATIONS } from '../../../engine/schemas/facts.js'
import { isObject } from './json-value.js'
import {
  boundBy,
  declaredBy,
  placeOf,
  referencesIn,
  shownIn,
  variablesIn,
  type Node,
} from './rego-syntax.js'

export type Condition = {
  readonly text: string
  readonly line: number
  // Variables that it may give a value to, and all that stand in it.
  readonly binds: ReadonlySet<string>
  readonly uses: ReadonlySet<string>
  // Texts of the references whose values say why it holds or not.
  readonly shows: readonly string[]
  // Paths of the facts that it reads, directly or through other rules, sorted.
  readonly reads: readonly string[]
}

export type PolicyRule = {
  readonly id: string
  readonly title: string
  readonly severity: string
  readonly file: string
  readonly line: number
  readonly package: string
  // `deny.update`: what it adds to.
  readonly adds: string
  // The operation of the facts that it stands under; undefined where it is evaluated for all.
  readonly operation: string | undefined
  // Text of what it adds; undefined where it is only true.
  readonly value: string | undefined
  readonly conditions: readonly Condition[]
  // Variables that it declares to be its own.
  readonly declares: readonly string[]
}

export type PolicyModule = {
  readonly file: string
  readonly package: string
  // As written, each on its line.
  readonly imports: readonly string[]
  readonly rules: readonly PolicyRule[]
}

export type ParsedFile = { readonly file: string; readonly text: string; readonly tree: unknown }

// What speaks in a decision: rules with an id in their metadata.
export function policyModules(files: readonly ParsedFile[]): readonly PolicyModule[] {
  const reads = readsByRule(files)
  return files.map(({ file, text, tree }) => {
    const module = isObject(tree) ? tree : {}
    const scope = scopeOf(module)
    const lines = text.split('\n')
    const rules = arrayAt(module, 'rules').flatMap((rule) => ruleOf(rule, file, scope, reads))
    const imports = arrayAt(module, 'imports').map(
      (one) => lines[(placeOf(one)?.line ?? 1) - 1] ?? '',
    )
    return { file, package: scope.package, imports, rules }
  })
}

function ruleOf(rule: Node, file: string, scope: Scope, reads: Reads): readonly PolicyRule[] {
  const annotation = arrayAt(rule, 'annotations').find((one) => one['scope'] !== 'package')
  const custom = annotation?.['custom']
  const id = isObject(custom) ? custom['id'] : undefined
  const head = isObject(rule['head']) ? rule['head'] : {}
  if (typeof id !== 'string' || 'args' in head || rule['default'] === true) return []
  const adds = arrayAt(head, 'ref')
    .map((part) => String(part['value']))
    .join('.')
  const under = adds.split('.')[1]
  return [
    {
      id,
      title: String(annotation?.['title'] ?? ''),
      severity: isObject(custom) ? String(custom['severity'] ?? '') : '',
      file,
      line: placeOf(head)?.line ?? placeOf(rule)?.line ?? 1,
      package: scope.package,
      adds,
      operation: OPERATIONS.find((one) => one === under),
      value: placeOf(head['key'] ?? head['value'])?.text,
      conditions: arrayAt(rule, 'body').flatMap((one) => conditionOf(one, scope, reads)),
      declares: arrayAt(rule, 'body').flatMap((one) => declaredBy(one) ?? []),
    },
  ]
}

function conditionOf(expression: Node, scope: Scope, reads: Reads): readonly Condition[] {
  const place = placeOf(expression)
  if (expression['generated'] === true || place === undefined) return []
  if (declaredBy(expression) !== undefined) return []
  return [
    {
      text: place.text,
      line: place.line,
      binds: boundBy(expression),
      uses: variablesIn(expression['terms']),
      shows: shownIn(expression).map(({ text }) => text),
      reads: [...readsOf(expression['terms'], scope, reads, new Set())].sort(),
    },
  ]
}

// What names mean inside a file.
type Scope = { readonly package: string; readonly aliases: ReadonlyMap<string, readonly string[]> }

function scopeOf(module: Node): Scope {
  const path = (node: unknown): readonly string[] =>
    isObject(node) && Array.isArray(node['path'])
      ? node['path'].map((part: unknown) => (isObject(part) ? String(part['value']) : ''))
      : isObject(node) && isObject(node['path']) && Array.isArray(node['path']['value'])
        ? node['path']['value'].map((part: unknown) =>
            isObject(part) ? String(part['value']) : '',
          )
        : []
  const aliases = new Map(
    arrayAt(module, 'imports').map((one) => {
      const parts = path(one)
      const alias = typeof one['alias'] === 'string' ? one['alias'] : (parts.at(-1) ?? '')
      return [alias, parts] as const
    }),
  )
  return { package: path(module['package']).slice(1).join('.'), aliases }
}

// Trees and scopes of rules by their whole name.
type Reads = ReadonlyMap<string, readonly { readonly tree: unknown; readonly scope: Scope }[]>

function readsByRule(files: readonly ParsedFile[]): Reads {
  const found = new Map<string, { readonly tree: unknown; readonly scope: Scope }[]>()
  for (const { tree } of files) {
    if (!isObject(tree)) continue
    const scope = scopeOf(tree)
    for (const rule of arrayAt(tree, 'rules')) {
      const head = isObject(rule['head']) ? rule['head'] : {}
      const [first] = arrayAt(head, 'ref')
      const name = `${scope.package}.${String(head['name'] ?? first?.['value'] ?? '')}`
      found.set(name, [...(found.get(name) ?? []), { tree: rule, scope }])
    }
  }
  return found
}

function readsOf(
  tree: unknown,
  scope: Scope,
  reads: Reads,
  seen: Set<string>,
): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const [head = '', ...rest] of referencesIn(tree)) {
    if (head === 'input') {
      if (rest.length > 0) paths.add(rest.join('.'))
      continue
    }
    const whole = head === 'data' ? rest : [...(scope.aliases.get(head) ?? []).slice(1), ...rest]
    const name = whole.length > 0 ? whole.join('.') : `${scope.package}.${head}`
    const rule = [...reads.keys()].find((one) => name === one || name.startsWith(`${one}.`))
    if (rule === undefined || seen.has(rule)) continue
    seen.add(rule)
    for (const one of reads.get(rule) ?? []) {
      for (const path of readsOf(one.tree, one.scope, reads, seen)) paths.add(path)
    }
  }
  return paths
}

function arrayAt(node: Node, key: string): readonly Node[] {
  const found = node[key]
  return Array.isArray(found) ? found.filter(isObject) : []
}
