// `json.patch`: RFC 6902 on values of Rego, sets included, one operation after the other. The first that
// cannot be done leaves no answer.
import { isArray, isNumber, isObject, isSet, order, type RegoValue } from '../rego-value.js'
import {
  arrayOf,
  memberAt,
  NoAnswer,
  objectOf,
  product,
  textOf,
  type BuiltinEntry,
} from './builtin.js'

export const JSON_PATCH: readonly BuiltinEntry[] = [
  ['json.patch', { apply: patched, cost: product }],
]

type Path = readonly RegoValue[]
// Nothing where the root was removed.
type Document = RegoValue | undefined

function patched(source: RegoValue = null, operations: RegoValue = null): RegoValue | undefined {
  return arrayOf(operations).reduce<Document>((document, one) => applied(document, one), source)
}

function applied(document: Document, operation: RegoValue): Document {
  const object = objectOf(operation)
  const wanted = (name: string): RegoValue => {
    const found = memberAt(object, name)
    if (found === undefined) throw new NoAnswer(`no ${name}`)
    return found
  }
  const path = pathOf(wanted('path'))
  switch (textOf(memberAt(object, 'op'))) {
    case 'add':
      return inserted(document, path, wanted('value'))
    case 'remove':
      return removed(document, path)
    case 'replace':
      return inserted(removed(document, path), path, wanted('value'))
    case 'move': {
      const from = pathOf(wanted('from'))
      return inserted(removed(document, from), path, at(document, from))
    }
    case 'copy':
      return inserted(document, path, at(document, pathOf(wanted('from'))))
    case 'test':
      if (order(at(document, path), wanted('value')) !== 0) throw new NoAnswer('another value')
      return document
    default:
      throw new NoAnswer('no such operation')
  }
}

// A JSON pointer, whose leading slashes do not count, or an array of keys.
function pathOf(value: RegoValue): Path {
  if (isArray(value)) return value
  const text = textOf(value)
  if (text === '') return []
  return text
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function at(document: Document, path: Path): RegoValue {
  const found = path.reduce<Document>((value, key) => child(value, key), document)
  if (found === undefined) throw new NoAnswer('no such path')
  return found
}

function child(value: Document, key: RegoValue): RegoValue {
  const found = value === undefined ? undefined : childOrNone(value, key)
  if (found === undefined) throw new NoAnswer('no such path')
  return found
}

function childOrNone(value: RegoValue, key: RegoValue): RegoValue | undefined {
  if (value === null) return undefined
  if (isObject(value)) return memberAt(value, key)
  if (isSet(value)) return value.set.find((one) => order(one, key) === 0)
  return isArray(value) ? value[indexOf(value.length, key)] : undefined
}

function inserted(document: Document, path: Path, value: RegoValue): Document {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (rest.length > 0) return replaced(document, key, inserted(child(document, key), rest, value))
  if (document === undefined || document === null) throw new NoAnswer('nothing to insert into')
  if (isObject(document)) {
    return { object: [...without(document.object, key), [key, value]] }
  }
  if (isSet(document)) {
    if (order(key, value) !== 0) throw new NoAnswer('a set’s member is its own key')
    return { set: [...document.set.filter((one) => order(one, key) !== 0), value] }
  }
  if (!isArray(document)) throw new NoAnswer('nothing to insert into')
  const index = indexOf(document.length, key)
  if (index < 0 || index > document.length) throw new NoAnswer('no such index')
  return document.toSpliced(index, 0, value)
}

function removed(document: Document, path: Path): Document {
  const [key, ...rest] = path
  if (document === undefined) throw new NoAnswer('nothing to remove')
  if (key === undefined) return undefined
  const own = child(document, key)
  if (rest.length > 0) return replaced(document, key, removed(own, rest))
  if (document === null) throw new NoAnswer('nothing to remove')
  if (isObject(document)) return { object: without(document.object, key) }
  if (isSet(document)) return { set: document.set.filter((one) => order(one, key) !== 0) }
  if (!isArray(document)) throw new NoAnswer('nothing to remove')
  return document.toSpliced(indexOf(document.length, key), 1)
}

function replaced(document: Document, key: RegoValue, value: Document): Document {
  if (document === undefined || document === null || value === undefined)
    throw new NoAnswer('no such path')
  if (isObject(document)) return { object: [...without(document.object, key), [key, value]] }
  if (isSet(document)) {
    return { set: [...document.set.filter((one) => order(one, key) !== 0), value] }
  }
  if (!isArray(document)) throw new NoAnswer('no such path')
  return document.with(indexOf(document.length, key), value)
}

function without(
  members: readonly (readonly [RegoValue, RegoValue])[],
  key: RegoValue,
): readonly (readonly [RegoValue, RegoValue])[] {
  return members.filter(([name]) => order(name, key) !== 0)
}

// `-` is the place behind the last.
function indexOf(length: number, key: RegoValue): number {
  if (key === '-') return length
  const text = typeof key === 'string' ? key : isNumber(key) ? key.number : ''
  if (!/^[+-]?\d+$/.test(text)) throw new NoAnswer('no index')
  if (typeof key === 'string' && key !== '0' && key.startsWith('0'))
    throw new NoAnswer('an index with leading zeros')
  return Number(text)
}
