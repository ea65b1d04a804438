// The words that make a difference to a policy, by the field of the facts that they are compared with: read
// from the texts of its rules, the helpers that these name and the data that both look up. What is read
// wrongly costs a situation that nobody needs, never a decision.
import {
  NARROWINGS,
  OBJECT_KINDS,
  OPERATIONS,
  SINKS,
  UNREAD_REASONS,
} from '../../../engine/schemas/facts.js'
import type { RuleChunk } from './rule-chunks.js'

export type Field =
  | 'op'
  | 'kind'
  | 'where'
  | 'to'
  | 'reason'
  | 'identity'
  | 'weekday'
  | 'object'
  | 'label'
  | 'detail'
  | 'group'
  | 'env'
  | 'through'
  | 'purpose'
  | 'target'
  | 'subject'

export type Vocabulary = {
  readonly words: ReadonlyMap<Field, ReadonlySet<string>>
  readonly numbers: ReadonlySet<number>
  // Names of the target's labels.
  readonly targetLabels: ReadonlySet<string>
  // Names of fields that are looked at, whatever they are compared with.
  readonly fields: ReadonlySet<string>
  // Whether grants or an approval's terms are spoken of.
  readonly grants: boolean
}

const CLOSED: readonly (readonly [Field, ReadonlySet<string>])[] = [
  ['op', new Set(OPERATIONS)],
  ['where', new Set(NARROWINGS)],
  ['to', new Set(SINKS)],
  ['reason', new Set(UNREAD_REASONS)],
  ['kind', new Set(OBJECT_KINDS)],
  ['identity', new Set(['human', 'agent', 'pipeline'])],
  [
    'weekday',
    new Set(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']),
  ],
]

// Which field a line speaks of; the first that fits.
const SPOKEN: readonly (readonly [Field, RegExp])[] = [
  ['op', /\bop\b/],
  ['where', /\bwhere\b/],
  ['to', /\bto\b\s*(==|!=|in)/],
  ['through', /\b(through|step)\b/],
  ['detail', /\b(detail|_?word)\b/],
  ['label', /\blabels?\b(?!\.)/],
  ['group', /\bgroups?\b/],
  ['object', /\b(object|from|schema|table)\b/],
  ['kind', /\beffect\.kind\b/],
  ['identity', /\bidentity\.kind\b/],
  ['purpose', /\bpurpose\b/],
  ['target', /\btarget\.(name|database)\b/],
  ['subject', /\bsubject\b/],
]

// Of some rules, among all rules of the same policy and its data.
export function vocabularyOf(
  rules: readonly RuleChunk[],
  all: readonly RuleChunk[],
  data: unknown,
): Vocabulary {
  const words = new Map<Field, Set<string>>()
  const numbers = new Set<number>()
  const targetLabels = new Set<string>()
  const fields = new Set<string>()
  const add = (field: Field, word: string): void => {
    words.set(field, (words.get(field) ?? new Set()).add(word))
  }
  const seen = new Set<string>()
  // Helpers are followed, and carry the field of the line that names them.
  const read = (chunk: RuleChunk, spoken: Field | undefined, depth: number): void => {
    const key = `${chunk.file}:${chunk.line} ${spoken ?? ''}`
    if (depth > 4 || seen.has(key)) return
    seen.add(key)
    const operation = /^(?:deny|hold|allow)\.(\w+)$/.exec(chunk.name)?.[1]
    if (operation !== undefined && operation !== 'any') add('op', operation)
    for (const line of decidingLines(chunk.text)) {
      for (const [, label = ''] of line.matchAll(/target\.labels\.(\w+)/g)) targetLabels.add(label)
      const field = /target\.labels/.test(line)
        ? 'env'
        : (SPOKEN.find(([, pattern]) => pattern.test(line))?.[0] ?? spoken)
      for (const [, name = ''] of line.matchAll(/\.(\w+)/g)) fields.add(name)
      for (const word of stringsIn(line)) place(word, field, add)
      for (const [found] of line.matchAll(/(?<![\w."])\d+(?![\w"])/g)) numbers.add(Number(found))
      for (const [, path = ''] of line.matchAll(/\bdata\.([\w.]+)/g)) {
        for (const value of leavesAt(data, path)) {
          if (typeof value === 'number') numbers.add(value)
          else place(value, field ?? fieldOfPath(path), add)
        }
      }
      for (const name of helpersIn(line)) {
        for (const helper of all)
          if (helper.name === name) {
            // A set of words is compared with the field of this line; a condition has its own.
            read(helper, helper.text.startsWith(`${name} := {`) ? field : undefined, depth + 1)
          }
      }
    }
  }
  // Who settles requests is asked about other facts.
  const about = rules.filter(({ file }) => !/(^|\/)approvals\.rego$/.test(file))
  for (const rule of about) read(rule, undefined, 0)
  const grants = rules.some((rule) => /\b(grants?|hold|approval)\b/.test(rule.text))
  return { words, numbers, targetLabels, fields, grants }
}

export function joined(one: Vocabulary, other: Vocabulary): Vocabulary {
  const words = new Map<Field, ReadonlySet<string>>(one.words)
  for (const [field, more] of other.words) {
    words.set(field, new Set([...(words.get(field) ?? []), ...more]))
  }
  return {
    words,
    numbers: new Set([...one.numbers, ...other.numbers]),
    targetLabels: new Set([...one.targetLabels, ...other.targetLabels]),
    fields: new Set([...one.fields, ...other.fields]),
    grants: one.grants || other.grants,
  }
}

export function wordsOf({ words }: Vocabulary, field: Field): readonly string[] {
  return [...(words.get(field) ?? [])].sort()
}

// Words of a message or hint decide nothing, nor do ids.
function decidingLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => !/^"(id|message|hint|title)":/.test(line))
}

function place(word: string, field: Field | undefined, add: (field: Field, word: string) => void) {
  // Parts of sentences.
  if (word === '' || /\s/.test(word)) return
  const closed = CLOSED.filter(([, values]) => values.has(word)).map(([name]) => name)
  if (field !== undefined && (closed.length === 0 || closed.includes(field))) add(field, word)
  else if (field === 'label' || field === 'detail' || field === 'group') add(field, word)
  else for (const name of closed) add(name, word)
  if (closed.length === 0 && field === undefined && /^[\w$]+\.[\w$*]+$/.test(word)) {
    add('object', word)
  }
}

// Names of our own kind: private ones, those of the facts' package, and whole conditions.
function helpersIn(line: string): readonly string[] {
  const named = [...line.matchAll(/(?:\bfacts\.(\w+)|(?<![\w.])(_\w+))/g)]
  const whole = /^(?:not )?([a-z]\w*)(?:\(.*\))?$/.exec(line)?.[1]
  const names = named.map(([, ofFacts, own]) => ofFacts ?? own ?? '')
  return whole === undefined ? names : [...names, whole]
}

function stringsIn(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`/g)].map(
    ([, quoted, raw]) => raw ?? quoted ?? '',
  )
}

function fieldOfPath(path: string): Field | undefined {
  if (/^teams|groups?|approvers/.test(path)) return 'group'
  if (/^environments|env/.test(path)) return 'env'
  if (/labels/.test(path)) return 'label'
  if (/objects|tables|schemas/.test(path)) return 'object'
  return undefined
}

const LEAVES_MAX = 200

// All texts and numbers at a path of the data, or below it.
function leavesAt(data: unknown, path: string): readonly (string | number)[] {
  let at = data
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) break
    at = Reflect.get(at, step)
  }
  if (at === data) return []
  const found: (string | number)[] = []
  const collect = (value: unknown): void => {
    if (found.length >= LEAVES_MAX) return
    if (typeof value === 'string' || typeof value === 'number') found.push(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
  }
  collect(at)
  return found
}
