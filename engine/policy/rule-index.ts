// What a bundle says of its rules: id, title, severity and where each stands, taken from their METADATA
// when it is built and read from its manifest when it is used. Messages and reports name rules by it.

export type RuleEntry = {
  readonly id: string
  readonly title: string
  readonly severity: string
  // Which of the sets of `data.sallyport.policies` the rule adds to, and under which operation.
  readonly family: string
  readonly operation: string
  // In the policies’ repository and in the bundle; the line of the rule’s head.
  readonly file: string
  readonly line: number
}

// `module` is what `opa parse --format json --json-include locations` prints for the file. Rules without
// an id are no part of decisions. One that has several heads is listed for each.
export function rulesIn(file: string, module: unknown): readonly RuleEntry[] {
  return listOf(objectOf(module)['rules']).flatMap((rule) => {
    const { annotations, head } = objectOf(rule)
    const [family = '', operation = ''] = listOf(objectOf(head)['ref']).map((part) =>
      textOf(objectOf(part)['value']),
    )
    const line = objectOf(objectOf(head)['location'])['row']
    return listOf(annotations).flatMap((one) => {
      const { title, custom } = objectOf(one)
      const { id, severity } = objectOf(custom)
      if (typeof id !== 'string') return []
      const row = typeof line === 'number' ? line : 0
      const said = { id, title: textOf(title), severity: textOf(severity) }
      return [{ ...said, family, operation, file, line: row }]
    })
  })
}

// Of a manifest; what is no entry is left out, since nothing is decided by it.
export function ruleEntries(found: unknown): readonly RuleEntry[] {
  return listOf(found).flatMap((entry) => {
    const { id, title, severity, family, operation, file, line } = objectOf(entry)
    if (typeof id !== 'string' || typeof line !== 'number') return []
    const words = { title: textOf(title), severity: textOf(severity), family: textOf(family) }
    return [{ id, ...words, operation: textOf(operation), file: textOf(file), line }]
  })
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
