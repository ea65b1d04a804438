// `strings.render_template`: Go's text/template on values of Rego. Numbers are texts of JSON to it
// (json.Number), and what is not there is written <undefined>.
import { isArray, isNumber, isObject, order, type RegoValue } from '../rego-value.js'
import { memberAt, objectOf, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { asJson } from './json.js'
import { called, fail, isTrue, written, type Value } from './template-functions.js'
import {
  parsedTemplate,
  type Operand,
  type Pipeline,
  type TemplateNode,
  type Term,
} from './template-parse.js'

export const TEMPLATE: readonly BuiltinEntry[] = [
  ['strings.render_template', { apply: render, cost: perCharacter(500, 20_000) }],
]

const STEPS_MAX = 20_000
const OUTPUT_MAX = 100_000

type Run = {
  readonly root: RegoValue
  readonly variables: { readonly name: string; value: Value }[]
  steps: number
  out: string
}

class Jump extends Error {
  readonly kind: 'break' | 'continue'
  constructor(kind: 'break' | 'continue') {
    super(kind)
    this.kind = kind
  }
}

function render(template: RegoValue = null, variables: RegoValue = null): RegoValue {
  const root = asJson(objectOf(variables))
  const run: Run = { root, variables: [{ name: '$', value: root }], steps: 0, out: '' }
  walk(run, parsedTemplate(textOf(template)), root)
  return run.out.replaceAll('<no value>', '<undefined>')
}

function step(run: Run): void {
  if (++run.steps > STEPS_MAX || run.out.length > OUTPUT_MAX)
    throw new RangeError('a template takes too long')
}

function walk(run: Run, nodes: readonly TemplateNode[], dot: Value): void {
  for (const node of nodes) {
    step(run)
    switch (node.kind) {
      case 'text':
        run.out += node.text
        break
      case 'action': {
        const value = pipelineValue(run, node.pipeline, dot)
        if (node.pipeline.declared.length === 0) run.out += written(value)
        break
      }
      case 'break':
      case 'continue':
        throw new Jump(node.kind)
      case 'range':
        scoped(run, () => range(run, node, dot))
        break
      default:
        scoped(run, () => {
          const value = pipelineValue(run, node.pipeline, dot)
          const holds = isTrue(value)
          walk(run, holds ? node.body : node.otherwise, holds && node.kind === 'with' ? value : dot)
        })
    }
  }
}

function scoped(run: Run, work: () => void): void {
  const known = run.variables.length
  work()
  run.variables.length = known
}

type Range = Extract<TemplateNode, { readonly body: unknown }>

function range(run: Run, node: Range, dot: Value): void {
  const { declared, commands } = node.pipeline
  const value = pipelineValue(run, { declared: [], assigns: false, commands }, dot)
  const members = membersIn(value)
  if (members.length === 0) {
    walk(run, node.otherwise, dot)
    return
  }
  const [first, second] = declared
  for (const [key, inner] of members) {
    step(run)
    try {
      scoped(run, () => {
        if (second !== undefined) run.variables.push({ name: second, value: inner })
        if (first !== undefined)
          run.variables.push({ name: first, value: second === undefined ? inner : key })
        walk(run, node.body, inner)
      })
    } catch (thrown) {
      if (!(thrown instanceof Jump)) throw thrown
      if (thrown.kind === 'break') return
    }
  }
}

function membersIn(value: Value): readonly (readonly [Value, Value])[] {
  if (typeof value === 'bigint') {
    if (value > BigInt(STEPS_MAX)) throw new RangeError('a template takes too long')
    return Array.from({ length: Math.max(0, Number(value)) }, (_, at) => [BigInt(at), BigInt(at)])
  }
  if (value === undefined || value === null) return []
  if (typeof value !== 'object' || isNumber(value)) return fail()
  if (isArray(value)) return value.map((one, at) => [BigInt(at), one] as const)
  return isObject(value) ? [...value.object].sort(([a], [b]) => order(a, b)) : fail()
}

function pipelineValue(run: Run, { declared, assigns, commands }: Pipeline, dot: Value): Value {
  let value: Value
  for (const [at, terms] of commands.entries())
    value = commandValue(run, terms, dot, at === 0 ? [] : [value])
  for (const name of declared.slice(0, 1)) {
    const known = run.variables.findLast((one) => one.name === name)
    if (assigns && known !== undefined) known.value = value
    else run.variables.push({ name, value })
  }
  return value
}

function commandValue(run: Run, terms: readonly Term[], dot: Value, last: readonly Value[]): Value {
  step(run)
  const [first, ...rest] = terms
  if (first === undefined) return fail()
  if (first.operand.kind === 'function') {
    const args = rest.map((one) => () => termValue(run, one, dot))
    return called(first.operand.name, [...args, ...last.map((value) => () => value)])
  }
  if (rest.length > 0 || last.length > 0 || first.operand.kind === 'nil') fail()
  return termValue(run, first, dot)
}

function termValue(run: Run, { operand, fields }: Term, dot: Value): Value {
  return fields.reduce<Value>((value, name) => field(value, name), operandValue(run, operand, dot))
}

function operandValue(run: Run, operand: Operand, dot: Value): Value {
  switch (operand.kind) {
    case 'dot':
      return dot
    case 'nil':
      return null
    case 'value':
      return typeof operand.value === 'number' ? { number: String(operand.value) } : operand.value
    case 'variable':
      return run.variables.findLast(({ name }) => name === operand.name)?.value
    case 'function':
      return called(operand.name, [])
    case 'pipeline':
      return pipelineValue(run, operand.pipeline, dot)
  }
}

function field(value: Value, name: string): Value {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || !isObject(value)) return fail()
  return memberAt(value, name)
}
