// OPA's own check against our schemas and with the builtins that a policy may call, in words for somebody who
// meets Rego for the first time.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeSchemas } from '../build-sources.js'
import { builtinNames, pureCapabilities, whyRefused } from '../capabilities.js'
import type { Finding } from '../findings.js'
import type { PolicyFolder } from '../folder.js'
import { problem, type Check, type Place } from './check.js'
import { listed, nearest, suggestion } from './near-miss.js'

export const compiles: Check = {
  rules: {
    'broken-rego': 'OPA cannot read or compile a file',
    'unknown-field': 'a field is read that the facts cannot have',
    'impure-builtin': 'a builtin would make a decision depend on more than its facts',
    'unknown-builtin': 'a function is called that there is not, or that the gateway has not',
  },
  run: ({ library, opa }) => opaProblems(library.folder, opa),
}

type Opa = (args: readonly string[]) => Promise<string>

export async function opaProblems(folder: PolicyFolder, opa: Opa): Promise<readonly Finding[]> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-check-'))
  try {
    const capabilities = join(work, 'capabilities.json')
    await writeFile(capabilities, await pureCapabilities(opa))
    const schemas = join(work, 'schemas')
    await writeSchemas(folder.root, schemas)
    const ignored = folder.opaIgnore.flatMap((pattern) => ['--ignore', pattern])
    const how = ['--strict', '--format', 'json', '--max-errors', '100', '--schema', schemas]
    const args = ['check', ...how, '--capabilities', capabilities, ...ignored, ...folder.opaPaths]
    const said = await opa(args).then(
      () => '',
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    )
    if (said === '') return []
    const errors = errorsIn(said)
    if (errors.length === 0) return [unplaced(folder, said)]
    const builtins = await builtinNames(opa)
    const placed = await Promise.all(errors.map((error) => withinFile(error, folder.root)))
    return onePerPlace(placed.map((error) => findingOf(error, builtins)))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type OpaError = Place & {
  readonly code: string
  readonly message: string
  // What could stand there instead.
  readonly oneOf: readonly string[]
}

function errorsIn(said: string): readonly OpaError[] {
  const start = said.indexOf('{')
  if (start === -1) return []
  let found: unknown
  try {
    found = JSON.parse(said.slice(start))
  } catch {
    return []
  }
  return listAt(found, 'errors').flatMap((error) => {
    const location = memberOf(error, 'location')
    const file = memberOf(location, 'file')
    if (typeof file !== 'string') return []
    const number = (name: string): number => Math.max(1, Number(memberOf(location, name)) || 1)
    return [
      {
        file,
        at: { line: number('row'), column: number('col') },
        code: String(memberOf(error, 'code')),
        message: String(memberOf(error, 'message')),
        oneOf: listAt(memberOf(error, 'details'), 'oneOf').map(String),
      },
    ]
  })
}

// What ends too early is reported behind the end; editors show the last line.
async function withinFile(error: OpaError, root: string): Promise<OpaError> {
  const text = await readFile(join(root, error.file), 'utf8').catch(() => undefined)
  const last = text?.trimEnd().split('\n').length ?? error.at.line
  return error.at.line <= last ? error : { ...error, at: { line: last, column: 1 } }
}

function findingOf(error: OpaError, builtins: readonly string[]): Finding {
  const { message } = error
  const field = /^undefined ref: (.+)$/.exec(message)?.[1]
  if (field !== undefined) return unknownField(error, field)
  const called = /^undefined function (.+)$/.exec(message)?.[1]
  if (called !== undefined) return unknownFunction(error, called, builtins)
  const unsafe = /^var (\S+) is unsafe$/.exec(message)?.[1]
  if (unsafe !== undefined) {
    const text = `“${unsafe}” has no value here: nothing before it says what it is`
    const fix = `correct the name, import it, or bind it first, as in: some ${unsafe} in input.command.effects`
    return problem('broken-rego', error, text, fix)
  }
  const unused = /^(?:assigned var|import|declared var|unused argument) (\S+) unused$/.exec(
    message,
  )?.[1]
  if (unused !== undefined) {
    return problem('broken-rego', error, `${unused} is never used`, 'take it away, or use it')
  }
  const twice = /^conflicting rules data\.(\S+) found$/.exec(message)?.[1]
  if (twice !== undefined) {
    const text = `${twice} is defined elsewhere in another form: with other arguments, or as a set`
    return problem(
      'broken-rego',
      error,
      text,
      'choose another name; all files of a package share theirs',
    )
  }
  if (/^unexpected eof/.test(message)) {
    const text = 'this is not Rego: the file ends within something'
    const fix = 'close what is open: a bracket ({, [, () above this line has no partner'
    return problem('broken-rego', error, text, fix)
  }
  if (message === 'match error') {
    const text = 'these two are never equal: they are of different kinds'
    return problem('broken-rego', error, text, 'compare a text with a text, a number with a number')
  }
  if (error.code === 'rego_parse_error') {
    const fix =
      'look at this line and the one before: a bracket, a comma, or the `if` before { is missing'
    return problem('broken-rego', error, `this is not Rego: ${message}`, fix)
  }
  const fix = 'correct it as OPA says; `opa check --strict` says the same'
  return problem('broken-rego', error, `OPA cannot compile this: ${message}`, fix)
}

function unknownField(error: OpaError, field: string): Finding {
  const [name = field] = field.split('.').reverse()
  const what =
    error.oneOf.length > 0 ? `there is no field “${name}” here` : 'there is no such thing'
  const fix = error.oneOf.length > 0 ? suggestion(name, error.oneOf) : 'correct the name'
  const near = nearest(name, error.oneOf)
  const more = near === undefined ? '' : ` The fields are ${listed(error.oneOf)}.`
  return problem('unknown-field', error, `${field} cannot exist: ${what}`, `${fix}${more}`)
}

const INSTEAD: Readonly<Record<string, string>> = {
  'time.now_ns': 'the time is in input.time: utc, weekday, hour',
  'http.send': 'put what it would fetch into data/, from where it is built into the bundle',
  'net.lookup_ip_addr': 'put the addresses into data/',
  'rand.intn': 'a decision is the same each time; decide on a field of the facts',
  'uuid.rfc4122':
    'session and command have ids in the facts: input.session.id, input.command.digest',
  'opa.runtime': 'put what it would say into data/',
  'io.jwt.decode_verify': 'the gateway has verified the token: use input.identity',
  trace: 'use `sallyport policy explain` to see why a rule spoke',
}

function unknownFunction(error: OpaError, called: string, builtins: readonly string[]): Finding {
  if (!builtins.includes(called)) {
    const near = nearest(
      called,
      builtins.filter((one) => whyRefused(one) === undefined),
    )
    const fix = near === undefined ? 'correct the name, or define it' : `did you mean “${near}”?`
    return problem('unknown-builtin', error, `there is no function “${called}”`, fix)
  }
  if (whyRefused(called) === 'impure') {
    const message = `${called} would make a decision depend on more than its facts, so that it could not be repeated`
    return problem('impure-builtin', error, message, INSTEAD[called] ?? 'leave it out')
  }
  const message = `${called} cannot be called: OPA has it, but the gateway, which runs policies as Wasm, has not`
  return problem(
    'unknown-builtin',
    error,
    message,
    'write it with other builtins, or prepare the value in data/',
  )
}

// OPA often says the same twice; the longer one says more.
function onePerPlace(findings: readonly Finding[]): readonly Finding[] {
  const byPlace = new Map<string, Finding>()
  for (const one of findings) {
    const place = `${one.file}:${one.line}:${one.rule}`
    const known = byPlace.get(place)
    if (known === undefined || known.message.length < one.message.length) byPlace.set(place, one)
  }
  return [...byPlace.values()]
}

function unplaced(folder: PolicyFolder, said: string): Finding {
  const file = folder.opaPaths[0] ?? '.'
  const place = { file, at: { line: 1, column: 1 } }
  return problem(
    'broken-rego',
    place,
    `OPA refuses the policies: ${said}`,
    'correct it as OPA says',
  )
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const found = memberOf(value, name)
  return Array.isArray(found) ? found : []
}
