// Go's fmt.Sprintf, by every verb with every flag on numbers and texts of all kinds, against OPA itself.
import t from 'tap'
import { goFormat, type GoArgument } from '../../../engine/policy/go-format.js'
import { evaluatedByOpa } from './opa-lab.js'

const VERBS = [...'vTdsqxXobOcUtefgGFEwz!']
const FLAGS = ['', '-', '+', '#', ' ', '0', '+#', '-0', '+ ', '0#', '# ', '-+0 #']
const SIZES = ['', '1', '9', '.0', '.2', '.', '12.3', '25.10', '30']
const ARGUMENTS: readonly GoArgument[] = [
  0n,
  42n,
  -7n,
  128512n,
  9223372036854775807n,
  -9223372036854775808n,
  123456789012345678901234567890n,
  -123456789012345678901n,
  0.5,
  2.5,
  -0.25,
  3.14159,
  1e-7,
  123456.5,
  1234567.5,
  1e21,
  1.7976931348623157e308,
  5e-324,
  'text',
  '',
  'é😀\n"\u200b`\u0001',
  '\t`',
]

const PECULIAR: readonly (readonly [string, readonly GoArgument[]])[] = [
  ['%', []],
  ['%5', [1n]],
  ['100%%', []],
  ['%d %d', [1n]],
  ['%d', [1n, 2n, 'x', 1.5, 2n ** 70n]],
  ['%[2]d %[1]d', [1n, 2n]],
  ['%[2]*[1]d|', [12n, 5n]],
  ['%[3]*.[2]*[1]f|', [12.5, 2n, 6n]],
  ['%[1]d %d %[1]q', [65n, 66n]],
  ['%[5]d %[0]d %[x]d %[1', [1n]],
  ['%[1]2d', [1n]],
  ['%[1].2d', [1n]],
  ['%*d|%-*d|%*d', [5n, 1n, 5n, 1n, -4n, 7n]],
  ['%*d', ['x', 1n]],
  ['%.*f', [2n, 1.005]],
  ['%.*f', [-1n, 1.005]],
  ['%.*f', [1.5, 1.005]],
  ['%é %世', [1n, 'x']],
  ['%-+#0 8.3x|', [255n]],
  ['%.[1]*d', [3n]],
  ['%!', [1n]],
  ['%[]d', [1n]],
  ['%[-1]d', [1n]],
  ['%[2]d', [1n, 2n, 3n]],
]

function isBig(argument: GoArgument): boolean {
  return typeof argument === 'bigint' && BigInt.asIntN(64, argument) !== argument
}

// As JSON, with the digits of whole numbers and the point of others.
function json(argument: GoArgument): string {
  if (typeof argument === 'bigint') return argument.toString()
  if (typeof argument === 'string') return JSON.stringify(argument)
  const text = String(argument)
  return /[.e]/.test(text) ? text : `${text}.0`
}

async function differences(
  cases: readonly (readonly [string, readonly GoArgument[]])[],
): Promise<readonly string[]> {
  const list = cases.map(([format, args]) => `[${JSON.stringify(format)},[${args.map(json)}]]`)
  const sources = {
    'lab.rego': 'package lab\n\nanswers := [sprintf(c[0], c[1]) | some c in data.cases]\n',
    'data.json': `{"cases":[${list.join(',')}]}`,
  }
  const wanted = (await evaluatedByOpa(sources, 'data.lab.answers')) as readonly string[]
  return cases.flatMap(([format, args], at) => {
    const found = goFormat(format, args)
    if (found === wanted[at]) return []
    return [`${format} of ${args.map(json).join(', ')}: OPA ${wanted[at]}, here ${found}`]
  })
}

t.test('every verb, flag, width and precision writes as in OPA', async (t) => {
  const cases = VERBS.flatMap((verb) =>
    FLAGS.flatMap((flags) =>
      SIZES.flatMap((size) =>
        ARGUMENTS.filter((one) => verb !== 'w' || !isBig(one)).map(
          (one) => [`%${flags}${size}${verb}|`, [one]] as const,
        ),
      ),
    ),
  )
  const found = await differences(cases)
  t.same(found.slice(0, 20), [], `${found.length} of ${cases.length} differ`)
})

t.test('indexes, stars and mistakes in a format write as in OPA', async (t) => {
  t.same(await differences(PECULIAR), [])
})

t.test('a format that is too wide ends the evaluation', async (t) => {
  t.throws(() => goFormat('%9999999d', [1n]), RangeError)
  t.throws(() => goFormat('%5000d', [1n]), RangeError)
  t.throws(() => goFormat('%*d', [999_999n, 1n]), RangeError)
  t.throws(() => goFormat('%p', [2n ** 70n]), RangeError)
})
