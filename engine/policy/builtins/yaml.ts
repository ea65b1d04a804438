// `yaml.*`: YAML to values and back as OPA does it with go-yaml v3: 1.2's booleans, timestamps as texts, the
// last of equal keys, merge keys; of several documents the first, where all can be read.
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Pair,
  parseAllDocuments,
  Scalar,
  YAMLMap,
  YAMLSeq,
  type Node,
} from 'yaml'
import { isArray, isNumber, isObject, numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, textOf, type BuiltinEntry } from './builtin.js'
import { asJson } from './json.js'

export const YAML: readonly BuiltinEntry[] = [
  ['yaml.marshal', { apply: (value = null) => marshalled(asJson(value)) }],
  ['yaml.unmarshal', { apply: (text) => yamlValue(textOf(text)) }],
  ['yaml.is_valid', { apply: (text) => typeof text === 'string' && isValid(text) }],
]

// Aliases multiply: more nodes than this are an attack.
const NODES_MAX = 100_000
const DEPTH_MAX = 150

type Reading = { readonly document: Document<Node>; nodes: number }

export function yamlValue(text: string): RegoValue {
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
  })
  if (!Array.isArray(documents)) return null
  if (documents.some(({ errors }) => errors.length > 0)) throw new NoAnswer('no YAML')
  const [first] = documents
  if (first === undefined || first.contents === null) return null
  return valueOf({ document: first as Document<Node>, nodes: 0 }, first.contents as Node, 0)
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
    const target = node.resolve(reading.document)
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

const WORDS: readonly (readonly [RegoValue, RegExp])[] = [
  [true, /^(?:true|True|TRUE)$/],
  [false, /^(?:false|False|FALSE)$/],
  [null, /^(?:|~|null|Null|NULL)$/],
]

function scalarOf(node: Scalar): RegoValue {
  const text = String(node.value ?? '')
  const tag = node.tag?.replace('tag:yaml.org,2002:', '!!')
  if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8')
  if (node.type !== 'PLAIN' || tag === '!!str') return text
  for (const [value, pattern] of WORDS) if (pattern.test(text)) return value
  if (/^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text))
    throw new NoAnswer('JSON has no such number')
  return numberIn(text) ?? text
}

const INT64_MIN = -(2n ** 63n)
const UINT64_MAX = 2n ** 64n - 1n

function numberIn(text: string): RegoValue | undefined {
  if (text.startsWith('.')) {
    return /^\.\d+(?:[eE][-+]?\d+)?$/.test(text) ? float(text) : undefined
  }
  if (!/^[-+\d]/.test(text)) return undefined
  const plain = text.replaceAll('_', '')
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(plain) ?? []
  const whole = integer(digits)
  if (whole !== undefined) {
    const value = sign === '-' ? -whole : whole
    if (value >= INT64_MIN && value <= UINT64_MAX) return numberOf(value)
  }
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain) ? float(plain) : undefined
}

// A leading zero is an octal of YAML 1.1, which go-yaml still reads.
function integer(digits: string): bigint | undefined {
  if (/^(?:0|[1-9]\d*|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(digits))
    return BigInt(digits)
  return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined
}

function float(text: string): RegoValue {
  const value = Number(text)
  if (!Number.isFinite(value)) throw new NoAnswer('JSON has no such number')
  return { number: Object.is(value, -0) ? '-0' : String(value) }
}

function marshalled(value: RegoValue): RegoValue {
  const document = new Document(nodeOf(value), { version: '1.1' })
  return document.toString({ indent: 2, lineWidth: 0, minContentWidth: 0 })
}

function nodeOf(value: RegoValue): Node {
  if (typeof value === 'string') return textNode(value)
  if (value === null || typeof value === 'boolean') return new Scalar(value)
  if (isNumber(value)) {
    const node = new Scalar(Number(value.number))
    node.source = value.number
    return node
  }
  if (isArray(value)) {
    const node = new YAMLSeq()
    for (const one of value) node.add(nodeOf(one))
    return node
  }
  if (!isObject(value)) throw new NoAnswer('YAML has no sets')
  const node = new YAMLMap()
  const members = value.object.map(([key, inner]) => [String(key), inner] as const)
  for (const [key, inner] of members.sort(naturally))
    node.add(new Pair(textNode(key), nodeOf(inner)))
  return node
}

// What reads as a number of base 60 is quoted.
function textNode(text: string): Scalar {
  const node = new Scalar(text)
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$/.test(text)) node.type = 'QUOTE_DOUBLE'
  return node
}

type Member = readonly [key: string, value: RegoValue]

function naturally([one]: Member, [other]: Member): number {
  return one < other ? -1 : one > other ? 1 : 0
}
