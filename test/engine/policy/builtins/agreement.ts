// Asks OPA and our host the same expressions, and says where they differ. What has no answer in one must
// have none in the other.
import { arrayOf, memberAt, objectOf } from '../../../../engine/policy/builtins/builtin.js'
import { asJson } from '../../../../engine/policy/builtins/json.js'
import { jsonValue } from '../../../../engine/policy/builtins/json-read.js'
import { createEvaluator } from '../../../../engine/policy/opa-wasm.js'
import { order, printed, type RegoValue } from '../../../../engine/policy/rego-value.js'
import { builtWasm, saidByOpa } from '../opa-lab.js'

const FUEL = 2_000_000_000

// Rego expressions over `input`.
export async function disagreements(
  expressions: readonly string[],
  input: unknown = {},
): Promise<readonly string[]> {
  const rules = expressions.map((text, at) => `results["${at}"] := x if x := ${text}`)
  const sources = { 'lab.rego': `package lab\n\n${rules.join('\n\n')}\n` }
  const { wasm, data } = await builtWasm(sources, ['lab/results'])
  const evaluator = createEvaluator({ wasm, data, fuel: FUEL })
  const answer = evaluator.evaluateExactly(JSON.stringify(input), 'lab/results')
  if (answer.kind !== 'result') return [`no result: ${JSON.stringify(answer)}`]
  const said = objectOf(jsonValue(await saidByOpa(sources, 'data.lab.results', input)))
  const [first = null] = arrayOf(memberAt(said, 'result'))
  const [expression = null] = arrayOf(memberAt(objectOf(first), 'expressions'))
  const wanted = objectOf(memberAt(objectOf(expression), 'value'))
  const found = objectOf(asJson(answer.value))
  return expressions.flatMap((text, at) => {
    const [here, opa] = [memberAt(found, String(at)), memberAt(wanted, String(at))]
    if (here === undefined ? opa === undefined : opa !== undefined && order(here, opa) === 0)
      return []
    return [`${text}\n  OPA  ${shown(opa)}\n  here ${shown(here)}`]
  })
}

function shown(value: RegoValue | undefined): string {
  return value === undefined ? 'undefined' : printed(value)
}
