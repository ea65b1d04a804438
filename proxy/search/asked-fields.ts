// A question put together from the fields of a form: each becomes a part of the one that people type, so that
// there is one language and one set of mistakes.
const NAMES = {
  person: 'person',
  target: 'target',
  object: 'object',
  column: 'column',
  label: 'label',
  rule: 'rule',
  action: 'action',
  env: 'env',
  session: 'session',
  from: 'since',
  to: 'until',
} as const

export type AskedFields = { readonly q?: string } & {
  readonly [Name in keyof typeof NAMES]?: string
}

export function ownQuestion(asked: AskedFields): string {
  const parts = asked.q === undefined ? [] : [asked.q]
  for (const [name, field] of Object.entries(NAMES)) {
    const value: unknown = Reflect.get(asked, name)
    if (typeof value === 'string' && value.trim() !== '')
      parts.push(`${field}:${valueOf(value.trim())}`)
  }
  return parts.join(' ')
}

// Commas and * keep their meaning where nothing needs quotes.
function valueOf(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}
