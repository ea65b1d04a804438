// Which words a field may hold, by the field's name: from the schemas of facts, of questions about approvals
// and of decisions. A word is changed only for another that could stand in the same place.
import { schemaFiles } from '../schema-files.js'
import { listOf, objectOf } from './syntax.js'

const SCHEMAS = ['input.json', 'approval.json', 'decision.json']

export type ClosedWords = ReadonlyMap<string, readonly (readonly string[])[]>

export function closedWords(): ClosedWords {
  const found = new Map<string, (readonly string[])[]>()
  for (const [name, text] of schemaFiles()) {
    if (SCHEMAS.includes(name)) gather(JSON.parse(text), found)
  }
  return found
}

// The next word of the list that the field is closed by; undefined where it is open, or has one word only.
export function otherWord(words: ClosedWords, field: string, word: string): string | undefined {
  const list = words.get(field)?.find((one) => one.includes(word))
  if (list === undefined || list.length < 2) return undefined
  return list[(list.indexOf(word) + 1) % list.length]
}

function gather(schema: unknown, found: Map<string, (readonly string[])[]>): void {
  if (Array.isArray(schema)) return schema.forEach((one) => gather(one, found))
  const node = objectOf(schema)
  for (const [field, inner] of Object.entries(objectOf(node['properties']))) {
    const words = listOf(objectOf(inner)['enum']).filter((one) => typeof one === 'string')
    if (words.length > 0) found.set(field, [...(found.get(field) ?? []), words])
  }
  Object.values(node).forEach((inner) => gather(inner, found))
}
