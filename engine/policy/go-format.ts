// Go's fmt.Sprintf, as far as OPA's sprintf leads to it: arguments are whole numbers, floating-point
// numbers and texts. A message must read the same here and under OPA, byte for byte, or a decision would
// differ between the two (fmt/print.go, doPrintf).
import { floatDigits, type FloatFormat } from './go-float.js'
import { bigVerb, integerVerb, padded, textVerb, type Flags } from './go-verbs.js'

export type GoArgument = bigint | number | string

// Wider is no message; Go stops at a million.
const WIDTH_MAX = 1000
const GO_WIDTH_MAX = 1_000_000n
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

type Run = {
  readonly format: string
  readonly args: readonly GoArgument[]
  at: number
  next: number
  // An index such as `[2]` stood last; one stood anywhere; one was wrong.
  afterIndex: boolean
  reordered: boolean
  goodIndex: boolean
}

// Throws RangeError at a width beyond reason, and where Go would show its own memory.
export function goFormat(format: string, args: readonly GoArgument[]): string {
  const run: Run = {
    format,
    args,
    at: 0,
    next: 0,
    afterIndex: false,
    reordered: false,
    goodIndex: true,
  }
  let out = ''
  while (run.at < format.length) {
    const percent = format.indexOf('%', run.at)
    const end = percent < 0 ? format.length : percent
    out += format.slice(run.at, end)
    run.at = end + 1
    if (percent >= 0) out += directive(run)
  }
  if (run.reordered || run.next >= args.length) return out
  const extra = args.slice(run.next).map((one) => `${typeOf(one)}=${written('v', one, noFlags())}`)
  return `${out}%!(EXTRA ${extra.join(', ')})`
}

function noFlags(): Flags {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    width: undefined,
    precision: undefined,
    sharpV: false,
    plusV: false,
  }
}

function directive(run: Run): string {
  const { format } = run
  run.goodIndex = true
  const flags = noFlags()
  for (; run.at < format.length; run.at++) {
    const mark = format[run.at]
    if (mark === '#') flags.sharp = true
    else if (mark === '0') flags.zero = true
    else if (mark === '+') flags.plus = true
    else if (mark === '-') flags.minus = true
    else if (mark === ' ') flags.space = true
    else break
  }
  // An index applies to one item only.
  run.afterIndex = false
  let out = ''
  index(run)
  out += width(run, flags)
  out += precision(run, flags)
  if (!run.afterIndex) index(run)
  const verb = String.fromCodePoint(format.codePointAt(run.at) ?? 0)
  if (run.at >= format.length) return `${out}%!(NOVERB)`
  run.at += verb.length
  if (verb === '%') return `${out}%`
  if (!run.goodIndex) return `${out}%!${verb}(BADINDEX)`
  const argument = run.args[run.next]
  if (argument === undefined) return `${out}%!${verb}(MISSING)`
  run.next++
  return out + written(verb, argument, flagsFor(verb, flags))
}

function flagsFor(verb: string, flags: Flags): Flags {
  if ((flags.width ?? 0) > WIDTH_MAX || (flags.precision ?? 0) > WIDTH_MAX)
    throw new RangeError('a format is too wide')
  if (verb !== 'v' && verb !== 'w') return flags
  return { ...flags, sharpV: flags.sharp, sharp: false, plusV: flags.plus, plus: false }
}

// `[n]`, counted from one.
function index(run: Run): void {
  const { format } = run
  if (format[run.at] !== '[') return
  run.reordered = true
  const close = format.indexOf(']', run.at)
  const inner = close < 0 ? '' : format.slice(run.at + 1, close)
  const wanted = /^\d{1,7}$/.test(inner) ? Number(inner) : undefined
  run.at = close < 0 ? run.at + 1 : close + 1
  run.afterIndex = wanted !== undefined
  if (wanted !== undefined && wanted >= 1 && wanted <= run.args.length) run.next = wanted - 1
  else run.goodIndex = false
}

function width(run: Run, flags: Flags): string {
  if (run.format[run.at] === '*') {
    run.at++
    const found = starred(run)
    run.afterIndex = false
    if (found === undefined) return '%!(BADWIDTH)'
    flags.width = Math.abs(found)
    if (found < 0) {
      flags.minus = true
      flags.zero = false
    }
    return ''
  }
  flags.width = number(run)
  if (run.afterIndex && flags.width !== undefined) run.goodIndex = false
  return ''
}

function precision(run: Run, flags: Flags): string {
  if (run.format[run.at] !== '.' || run.at + 1 >= run.format.length) return ''
  run.at++
  if (run.afterIndex) run.goodIndex = false
  run.afterIndex = false
  index(run)
  if (run.format[run.at] !== '*') {
    flags.precision = number(run) ?? 0
    return ''
  }
  run.at++
  const found = starred(run)
  run.afterIndex = false
  if (found === undefined || found < 0) return '%!(BADPREC)'
  flags.precision = found
  return ''
}

function number(run: Run): number | undefined {
  const digits = /^\d*/.exec(run.format.slice(run.at))?.[0] ?? ''
  run.at += digits.length
  if (digits === '') return undefined
  if (digits.length > 7) throw new RangeError('a format is too wide')
  return Number(digits)
}

// A width or precision that is an argument.
function starred(run: Run): number | undefined {
  const argument = run.args[run.next]
  if (argument === undefined) return undefined
  run.next++
  if (typeof argument !== 'bigint' || argument > GO_WIDTH_MAX || argument < -GO_WIDTH_MAX)
    return undefined
  return Number(argument)
}

function typeOf(argument: GoArgument): string {
  if (typeof argument === 'string') return 'string'
  if (typeof argument === 'number') return 'float64'
  return isInt64(argument) ? 'int64' : '*big.Int'
}

function isInt64(argument: bigint): boolean {
  return argument >= INT64_MIN && argument <= INT64_MAX
}

function written(verb: string, argument: GoArgument, flags: Flags): string {
  if (verb === 'T') return textVerb('s', typeOf(argument), flags) ?? ''
  if (typeof argument === 'bigint' && !isInt64(argument)) {
    // An address, and the parts of a number within Go's memory.
    if (verb === 'p' || verb === 'w') throw new RangeError(`%${verb} shows Go’s own memory`)
    return bigVerb(verb, argument, flags)
  }
  return verbOf(verb, argument, flags) ?? wrong(verb, argument, flags)
}

function verbOf(verb: string, argument: GoArgument, flags: Flags): string | undefined {
  if (typeof argument === 'string') return textVerb(verb, argument, flags)
  if (typeof argument === 'bigint') return integerVerb(verb, argument, flags)
  return floatVerb(verb, argument, flags)
}

function wrong(verb: string, argument: GoArgument, flags: Flags): string {
  return `%!${verb}(${typeOf(argument)}=${verbOf('v', argument, flags) ?? ''})`
}

const FORMATS: Readonly<Record<string, readonly [FloatFormat, number]>> = {
  v: ['g', -1],
  g: ['g', -1],
  G: ['G', -1],
  b: ['b', -1],
  x: ['x', -1],
  X: ['X', -1],
  e: ['e', 6],
  E: ['E', 6],
  f: ['f', 6],
  F: ['f', 6],
}

function floatVerb(verb: string, value: number, flags: Flags): string | undefined {
  const found = FORMATS[verb]
  if (found === undefined) return undefined
  const [format, usual] = found
  const digits = flags.precision ?? usual
  let text = floatDigits(Math.abs(value), format, digits)
  if (flags.sharp && verb !== 'b') text = withPoint(text, format, digits)
  const negative = value < 0 || Object.is(value, -0)
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  const missing = (flags.width ?? 0) - sign.length - text.length
  if (flags.zero && !flags.minus && missing > 0) return sign + '0'.repeat(missing) + text
  return padded(sign + text, flags, false)
}

// `#` keeps the decimal point, and the zeros that %g takes away.
function withPoint(text: string, format: FloatFormat, precision: number): string {
  const hex = format === 'x' || format === 'X'
  const [, number = '', tail = ''] = (hex ? /^(.*?)(p.*)?$/i : /^(.*?)(e.*)?$/i).exec(text) ?? []
  let digits = /^[gGx]$/.test(format) ? (precision === -1 ? 6 : precision) : 0
  let seen = false
  for (const character of number.replace('.', '')) {
    if (character !== '0') seen = true
    if (seen) digits--
  }
  let out = number
  if (!number.includes('.')) {
    if (number === '0') digits--
    out += '.'
  }
  return out + '0'.repeat(Math.max(0, digits)) + tail
}
