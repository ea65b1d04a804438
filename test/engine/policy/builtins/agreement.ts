// Asks OPA and our host the same expressions, and says where they differ. What has no answer in one must
// have none in the other.
import { canonicalJson } from '../../../../engine/canonical.js'
import { asJson, jsonText } from '../../../../engine/policy/builtins/json.js'
import { createEvaluator } from '../../../../engine/policy/opa-wasm.js'
import { builtWasm, evaluatedByOpa } from '../opa-lab.js'

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
  const found = JSON.parse(jsonText(asJson(answer.value))) as Record<string, unknown>
  const wanted = (await evaluatedByOpa(sources, 'data.lab.results', input)) as Record<
    string,
    unknown
  >
  return expressions.flatMap((text, at) => {
    const [here, opa] = [shown(found[at]), shown(wanted[at])]
    return here === opa ? [] : [`${text}\n  OPA  ${opa}\n  here ${here}`]
  })
}

function shown(value: unknown): string {
  return value === undefined ? 'undefined' : canonicalJson(value)
}
