// `yaml.*`: YAML to values and back as OPA does it with go-yaml v3: 1.2's booleans, timestamps as texts, the
// last of equal keys, merge keys; of several documents the first, where all can be read.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Alias,
  type Node,
  type Scalar,
} from 'yaml'
import { isArray, isNumber, isObject, type RegoValue } from '../rego-value.js'
import { NoAnswer, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { goText } from './go-text.js'
import { asJson } from './json.js'
import { plainValue } from './yaml-scalars.js'
import { yamlText } from './yaml-write.js'

const READING = perCharacter(3_000, 100_000)

export const YAML: readonly BuiltinEntry[] = [
  [
    'yaml.marshal',
    { apply: (value = null) => yamlText(asJson(value)), cost: perCharacter(300, 20_000) },
  ],
  ['yaml.unmarshal', { apply: (text) => yamlValue(textOf(text)), cost: READING }],
  ['yaml.is_valid', { apply: (text) => typeof text === 'string' && isValid(text), cost: READING }],
]

// Aliases multiply: more nodes than this are an attack.
const NODES_MAX = 50_000
const DEPTH_MAX = 150

type Reading = { readonly targets: ReadonlyMap<Alias, Node>; nodes: number }

export function yamlValue(text: string): RegoValue {
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
  })
  if (!Array.isArray(documents)) return null
  const broken = documents.some(
    ({ errors, warnings }) =>
      errors.length > 0 || warnings.some(({ message }) => message.includes('directive')),
  )
  // go-yaml takes the directive of version 1.1 alone.
  const version = /^%YAML[ \t]+(\S+)/m.exec(text)?.[1]
  if (broken || (version !== undefined && version !== '1.1' && text.startsWith('%')))
    throw new NoAnswer('no YAML')
  const [first] = documents
  if (first === undefined || first.contents === null) return null
  const contents = first.contents as Node
  return valueOf({ targets: targetsIn(contents), nodes: 0 }, contents, 0)
}

// What each alias stands for: the anchor of its name that was last before it.
function targetsIn(root: Node): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  const look = (node: unknown): void => {
    if (isAlias(node)) {
      const found = anchors.get(node.source)
      if (found !== undefined) targets.set(node, found)
    } else if (isSeq(node) || isMap(node) || isScalar(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      if (isSeq(node)) node.items.forEach(look)
      if (isMap(node)) for (const { key, value } of node.items) [key, value].forEach(look)
    }
  }
  look(root)
  return targets
}

function isValid(text: string): boolean {
  try {
    yamlValue(text)
    return true
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return false
    throw thrown
  }
}

function valueOf(reading: Reading, node: Node | null | undefined, depth: number): RegoValue {
  if (++reading.nodes > NODES_MAX || depth > DEPTH_MAX)
    throw new RangeError('a YAML document is too large')
  if (node === null || node === undefined) return null
  if (isAlias(node)) {
    const target = reading.targets.get(node)
    if (target === undefined) throw new NoAnswer('an alias of nothing')
    return valueOf(reading, target, depth + 1)
  }
  if (isSeq(node)) return node.items.map((item) => valueOf(reading, item as Node, depth + 1))
  if (isMap(node)) return mapOf(reading, node.items, depth)
  if (!isScalar(node)) throw new NoAnswer('no YAML')
  return scalarOf(node)
}

function mapOf(
  reading: Reading,
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  depth: number,
): RegoValue {
  const own = new Map<string, RegoValue>()
  const merged = new Map<string, RegoValue>()
  for (const { key, value } of pairs) {
    const found = valueOf(reading, value as Node, depth + 1)
    if (isScalar(key) && key.source === '<<' && key.type === 'PLAIN') {
      for (const one of isArray(found) ? found : [found]) {
        if (one === null || !isObject(one)) throw new NoAnswer('a merge of no map')
        // The first of several to name a key wins.
        for (const [name, inner] of one.object) {
          if (!merged.has(String(name))) merged.set(String(name), inner)
        }
      }
    } else {
      own.set(keyOf(valueOf(reading, key as Node, depth + 1)), found)
    }
  }
  return { object: [...new Map([...merged, ...own])] }
}

function keyOf(key: RegoValue): string {
  if (typeof key === 'string') return key
  if (typeof key === 'boolean') return String(key)
  if (isNumber(key)) {
    return /^-?\d+$/.test(key.number) ? key.number : String(Math.fround(Number(key.number)))
  }
  throw new NoAnswer('no key of an object')
}

function scalarOf(node: Scalar): RegoValue {
  const text = node.source ?? ''
  const tag = node.tag?.replace('tag:yaml.org,2002:', '!!')
  if (tag === '!!binary') return goText(Buffer.from(text, 'base64'))
  const tagged = tag !== undefined && /^!!(?:int|float|bool|null)$/.test(tag)
  if ((node.type !== 'PLAIN' && !tagged) || tag === '!!str') return text
  if (/^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text))
    throw new NoAnswer('JSON has no such number')
  return plainValue(text)
}
