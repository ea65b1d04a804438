// Go's fmt.Sprintf, as far as OPA's sprintf leads to it: arguments are whole numbers, floating-point
// numbers and texts. A message must read the same here and under OPA, byte for byte, or a decision would
// differ between the two; what is not written here (`*`, `[n]`, rare verbs) throws instead of guessing.

export type GoArgument = bigint | number | string

type Flags = {
  readonly minus: boolean
  readonly plus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number
  readonly precision: number | undefined
}

// Wider is no message.
const WIDTH_MAX = 1000
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

// Throws RangeError at what is not written here.
export function goFormat(format: string, args: readonly GoArgument[]): string {
  let next = 0
  const text = format.replace(
    /%([-+# 0]*)(\d*)(?:(\.)(\d*))?(.|$)/gsu,
    (_, marks: string, width: string, dot: string | undefined, digits: string, verb: string) => {
      if (verb === '') return '%!(NOVERB)'
      if (verb === '*' || verb === '[') throw new RangeError(`%${verb} is not supported`)
      if (verb === '%') return '%'
      const argument = args[next]
      if (argument === undefined) return `%!${verb}(MISSING)`
      next++
      return formatted(verb, argument, flagsOf(marks, width, dot, digits))
    },
  )
  if (next >= args.length) return text
  const extra = args.slice(next).map((one) => `${typeOf(one)}=${plain(one)}`)
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function flagsOf(marks: string, width: string, dot: string | undefined, digits: string): Flags {
  const flags = {
    minus: marks.includes('-'),
    plus: marks.includes('+'),
    sharp: marks.includes('#'),
    space: marks.includes(' '),
    zero: marks.includes('0') && !marks.includes('-'),
    width: Number(width),
    precision: dot === undefined ? undefined : Number(digits),
  }
  if (flags.width > WIDTH_MAX || (flags.precision ?? 0) > 100)
    throw new RangeError('a format is too wide')
  return flags
}

function formatted(verb: string, argument: GoArgument, flags: Flags): string {
  if (typeof argument === 'string') return formattedText(verb, argument, flags)
  if (typeof argument === 'bigint') return formattedInteger(verb, argument, flags)
  return formattedFloat(verb, argument, flags)
}

function wrong(verb: string, argument: GoArgument, flags: Flags): string {
  return `%!${verb}(${typeOf(argument)}=${formatted('v', argument, flags)})`
}

function typeOf(argument: GoArgument): string {
  if (typeof argument === 'string') return 'string'
  if (typeof argument === 'number') return 'float64'
  return isInt64(argument) ? 'int64' : '*big.Int'
}

function isInt64(argument: bigint): boolean {
  return argument >= INT64_MIN && argument <= INT64_MAX
}

function plain(argument: GoArgument): string {
  return typeof argument === 'number' ? shortest(argument) : String(argument)
}

function padded(text: string, flags: Flags, zero = flags.zero): string {
  const missing = flags.width - [...text].length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  if (!zero) return ' '.repeat(missing) + text
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function formattedText(verb: string, argument: string, flags: Flags): string {
  const cut =
    flags.precision === undefined ? argument : [...argument].slice(0, flags.precision).join('')
  switch (verb) {
    case 'v':
      if (flags.sharp) return padded(quoted(cut), flags)
      return padTextually(cut, flags)
    case 's':
      return padTextually(cut, flags)
    case 'q':
      if (flags.sharp || flags.plus) throw new RangeError('%q with flags is not supported')
      return padTextually(quoted(cut), flags)
    case 'x':
    case 'X': {
      if (flags.sharp || flags.space || flags.precision !== undefined)
        throw new RangeError('%x of a text with flags is not supported')
      const hex = Buffer.from(argument).toString('hex')
      return padTextually(verb === 'x' ? hex : hex.toUpperCase(), flags)
    }
    default:
      return wrong(verb, argument, flags)
  }
}

// Texts are padded with zeros where the flag says so, as Go does.
function padTextually(text: string, flags: Flags): string {
  const missing = flags.width - [...text].length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  return (flags.zero ? '0' : ' ').repeat(missing) + text
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, x: 16, X: 16 }

function formattedInteger(verb: string, argument: bigint, flags: Flags): string {
  if (!isInt64(argument)) {
    const simple = !flags.sharp && flags.precision === undefined
    if (simple && ['d', 's', 'v'].includes(verb))
      return padded(signedText(argument, 10, flags), flags)
    throw new RangeError(`%${verb} of a very large number is not supported`)
  }
  const radix = RADIX[verb]
  if (radix === undefined) {
    if (['c', 'q', 'U', 'O'].includes(verb))
      throw new RangeError(`%${verb} of a number is not supported`)
    return wrong(verb, argument, flags)
  }
  if (flags.sharp && verb !== 'v' && verb !== 'd')
    throw new RangeError(`%#${verb} of a number is not supported`)
  if (flags.precision !== undefined) return precise(argument, radix, verb, flags)
  const text = signedText(argument, radix, flags)
  return padded(verb === 'X' ? text.toUpperCase() : text, flags)
}

// A precision is the least number of digits; none at all for a zero of precision zero.
function precise(argument: bigint, radix: number, verb: string, flags: Flags): string {
  const precision = flags.precision ?? 0
  if (precision === 0 && argument === 0n) return ' '.repeat(flags.width)
  const magnitude = argument < 0n ? -argument : argument
  const digits = magnitude.toString(radix).padStart(precision, '0')
  const text = signOf(argument < 0n, flags) + (verb === 'X' ? digits.toUpperCase() : digits)
  return padded(text, flags, false)
}

function signedText(argument: bigint, radix: number, flags: Flags): string {
  const magnitude = argument < 0n ? -argument : argument
  return signOf(argument < 0n, flags) + magnitude.toString(radix)
}

function signOf(negative: boolean, flags: Flags): string {
  if (negative) return '-'
  if (flags.plus) return '+'
  return flags.space ? ' ' : ''
}

function formattedFloat(verb: string, argument: number, flags: Flags): string {
  if (flags.sharp) throw new RangeError('%# of a number is not supported')
  const magnitude = Math.abs(argument)
  const sign = signOf(argument < 0 || Object.is(argument, -0), flags)
  switch (verb) {
    case 'f':
    case 'F':
      if (magnitude >= 1e21) throw new RangeError('%f of a very large number is not supported')
      return padded(sign + magnitude.toFixed(flags.precision ?? 6), flags)
    case 'e':
    case 'E': {
      const text = sign + twoDigits(magnitude.toExponential(flags.precision ?? 6))
      return padded(verb === 'E' ? text.toUpperCase() : text, flags)
    }
    case 'v':
    case 'g':
    case 'G': {
      if (flags.precision !== undefined) throw new RangeError(`%.n${verb} is not supported`)
      const text = sign + shortest(magnitude)
      return padded(verb === 'G' ? text.toUpperCase() : text, flags)
    }
    case 'b':
    case 'x':
    case 'X':
      throw new RangeError(`%${verb} of a number with a fraction is not supported`)
    default:
      return wrong(verb, argument, flags)
  }
}

// Fewest digits that mean this number; with an exponent below -4 and from the seventh digit on.
function shortest(value: number): string {
  const text = value.toExponential()
  const exponent = Number(text.split('e')[1])
  return exponent < -4 || exponent >= 6 ? twoDigits(text) : String(value)
}

// Go writes e-07 where JavaScript writes e-7.
function twoDigits(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

// strconv.Quote: escapes what does not print.
export function quoted(text: string): string {
  let out = '"'
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const escape = ESCAPES[character]
    if (escape !== undefined) out += escape
    else if (/^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) out += character
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code < 0x1_0000) out += `\\u${code.toString(16).padStart(4, '0')}`
    else out += `\\U${code.toString(16).padStart(8, '0')}`
  }
  return `${out}"`
}
