// `graph.reachable_paths`: every way through a graph from some of its nodes, until it ends or turns back.
import { isArray, isSet, printed, type RegoValue } from '../rego-value.js'
import { membersOf, objectOf, perCharacter, setOf, type BuiltinEntry } from './builtin.js'

export const GRAPH: readonly BuiltinEntry[] = [
  ['graph.reachable_paths', { apply: reachablePaths, cost: perCharacter(300) }],
]

// Ways multiply; more than these are no answer but a mistake. A step is a node of a way.
const PATHS_MAX = 10_000
const STEPS_MAX = 500_000

type Node = { readonly value: RegoValue; readonly key: string }
type Walk = {
  // By how a node is printed, which is the same for equal ones.
  readonly edges: ReadonlyMap<string, readonly Node[]>
  readonly found: (readonly RegoValue[])[]
  steps: number
}

function reachablePaths(graph: RegoValue = null, from: RegoValue = null): RegoValue {
  const edges = objectOf(graph).object.map(
    ([key, inner]) => [printed(key), listOf(inner).map(nodeOf)] as const,
  )
  const walk: Walk = { edges: new Map(edges), found: [], steps: 0 }
  for (const node of membersOf(from).map(nodeOf)) {
    const out = walk.edges.get(node.key)
    if (out?.length === 0) walk.found.push([node.value])
    for (const next of out ?? []) follow(walk, next, [node])
  }
  return setOf(walk.found)
}

function nodeOf(value: RegoValue): Node {
  return { value, key: printed(value) }
}

// What is no list has no edges.
function listOf(value: RegoValue): readonly RegoValue[] {
  return value !== null && (isArray(value) || isSet(value)) ? membersOf(value) : []
}

function follow(walk: Walk, node: Node, path: readonly Node[]): void {
  walk.steps += path.length
  if (walk.steps > STEPS_MAX || walk.found.length > PATHS_MAX)
    throw new RangeError('a graph has too many paths')
  const edges = walk.edges.get(node.key)
  // What is not in the graph is no part of the way.
  const longer = edges === undefined ? path : [...path, node]
  const ends = edges === undefined || edges.length === 0
  if (ends) walk.found.push(longer.map(({ value }) => value))
  for (const next of edges ?? []) {
    if (longer.some(({ key }) => key === next.key))
      walk.found.push(longer.map(({ value }) => value))
    else follow(walk, next, longer)
  }
}
