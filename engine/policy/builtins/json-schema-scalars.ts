// What a JSON Schema says about one number or one text, in gojsonschema's words.
import { RE2JS } from 're2js'
import { isNumber, type RegoObject } from '../rego-value.js'
import { memberAt } from './builtin.js'
import { compareFractions, fractionOf, isWhole, type Fraction } from './fraction.js'
import { isFormat } from './json-schema-formats.js'

type Finding = readonly [type: string, text: string]

type Bound = { readonly text: string; readonly value: Fraction }

function bound(schema: RegoObject, name: string): Bound | undefined {
  const found = memberAt(schema, name)
  if (!isNumber(found)) return undefined
  return { text: shown(Number(found.number)), value: fractionOf(found.number) }
}

// As Go writes a big.Float: ten digits, an exponent where that is shorter.
function shown(value: number): string {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  const text = value.toPrecision(10)
  if (exponent >= -4 && exponent < 10) return String(Number(text))
  return Number(text)
    .toExponential()
    .replace(/e([+-])(\d)$/, 'e$10$2')
}

export function numberProblems(schema: RegoObject, text: string): readonly Finding[] {
  const value = fractionOf(text)
  const found: Finding[] = []
  const multiple = bound(schema, 'multipleOf')
  if (multiple !== undefined) {
    const { over, under } = multiple.value
    if (!isWhole({ over: value.over * under, under: value.under * over }))
      found.push(['multiple_of', `Must be a multiple of ${multiple.text}`])
  }
  const [low, high] = [limits(schema, 'minimum'), limits(schema, 'maximum')]
  const against = (other: Bound | undefined): number =>
    other === undefined ? 0 : compareFractions(value, other.value)
  if (against(high.open) > 0)
    found.push(['number_lte', `Must be less than or equal to ${high.open?.text}`])
  if (high.closed !== undefined && against(high.closed) >= 0)
    found.push(['number_lt', `Must be less than ${high.closed.text}`])
  if (against(low.open) < 0)
    found.push(['number_gte', `Must be greater than or equal to ${low.open?.text}`])
  if (low.closed !== undefined && against(low.closed) <= 0)
    found.push(['number_gt', `Must be greater than ${low.closed.text}`])
  return found
}

// Draft 4 says by a boolean that the limit itself is out.
function limits(
  schema: RegoObject,
  name: 'minimum' | 'maximum',
): { readonly open: Bound | undefined; readonly closed: Bound | undefined } {
  const exclusive = `exclusive${name === 'minimum' ? 'Minimum' : 'Maximum'}`
  const own = bound(schema, name)
  if (memberAt(schema, exclusive) === true) return { open: undefined, closed: own }
  return { open: own, closed: bound(schema, exclusive) }
}

export function textProblems(schema: RegoObject, text: string): readonly Finding[] {
  const found: Finding[] = []
  const format = memberAt(schema, 'format')
  if (typeof format === 'string' && !isFormat(format, text))
    found.push(['format', `Does not match format '${format}'`])
  const length = [...text].length
  const [least, most] = [memberAt(schema, 'minLength'), memberAt(schema, 'maxLength')]
  if (isNumber(least) && length < Number(least.number))
    found.push([
      'string_gte',
      `String length must be greater than or equal to ${Number(least.number)}`,
    ])
  if (isNumber(most) && length > Number(most.number))
    found.push(['string_lte', `String length must be less than or equal to ${Number(most.number)}`])
  const pattern = memberAt(schema, 'pattern')
  if (typeof pattern === 'string' && !RE2JS.compile(pattern).matcher(text).find())
    found.push(['pattern', `Does not match pattern '${pattern}'`])
  return found
}
