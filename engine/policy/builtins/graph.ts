// `graph.reachable_paths`: every way through a graph from some of its nodes, until it ends or turns back.
import { isArray, isSet, order, type RegoObject, type RegoValue } from '../rego-value.js'
import { membersOf, memberAt, objectOf, setOf, type BuiltinEntry } from './builtin.js'

export const GRAPH: readonly BuiltinEntry[] = [['graph.reachable_paths', { apply: reachablePaths }]]

// Ways multiply; more than these are no answer but a mistake.
const PATHS_MAX = 10_000
const STEPS_MAX = 200_000

type Walk = { readonly graph: RegoObject; readonly found: RegoValue[][]; steps: number }

function reachablePaths(graph: RegoValue = null, from: RegoValue = null): RegoValue {
  const walk: Walk = { graph: objectOf(graph), found: [], steps: 0 }
  for (const node of membersOf(from)) {
    const edges = edgesOf(walk, node)
    if (edges === undefined) continue
    if (edges.length === 0) walk.found.push([node])
    for (const next of edges) follow(walk, next, [node], [node])
  }
  return setOf(walk.found)
}

function follow(
  walk: Walk,
  node: RegoValue,
  path: readonly RegoValue[],
  reached: readonly RegoValue[],
): void {
  if (++walk.steps > STEPS_MAX || walk.found.length > PATHS_MAX)
    throw new RangeError('a graph has too many paths')
  const edges = edgesOf(walk, node)
  if (edges === undefined) {
    walk.found.push([...path])
    return
  }
  const longer = [...path, node]
  if (edges.length === 0) walk.found.push(longer)
  const been = [...reached, node]
  for (const next of edges) {
    if (been.some((one) => order(one, next) === 0)) walk.found.push(longer)
    else follow(walk, next, longer, been)
  }
}

// What is no list has no edges; what is not in the graph has nothing.
function edgesOf({ graph }: Walk, node: RegoValue): readonly RegoValue[] | undefined {
  const edges = memberAt(graph, node)
  if (edges === undefined) return undefined
  return isArray(edges) || isSet(edges) ? membersOf(edges) : []
}
