// Configuration files from chance: whatever the bytes, the reading ends soon, with settings or with
// problems that have a place, and never repeats a secret. SALLYPORT_FUZZ multiplies the number of inputs.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseConfig } from '../../proxy/config/read-config.js'
import { problemText } from '../../proxy/yaml-document.js'
import { strictObject } from '../../proxy/identity/strict-json.js'
import { chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const SLOWEST_MS = 1_000

// Written where only a reference belongs, as people do.
const SECRET = 'hunter2hunter2'
const example = readFileSync('fixtures/config/sallyport.example.yaml', 'utf8').replaceAll(
  /(?<=password: )\S+/g,
  SECRET,
)
const pieces = [
  ...example.split(/(?<=[\s:])/),
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\n',
    '\t',
    '- ',
    '? ',
    ': ',
    '&a ',
    '*a',
    '!!str ',
    '|',
    '>-\n',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '# ',
    '\u0000',
    '\ufeff',
    '__proto__: ',
    'constructor: ',
    '<<: ',
  ],
  ...[
    'null',
    '~',
    '0x7f',
    '1e999',
    '-0',
    '.nan',
    '2026-01-01',
    '\u{1f600}',
    '\ud800',
    '\r',
    '\u2028',
  ],
]

void t.test('no configuration file hangs, crashes or leaks', (t) => {
  const { pick, below } = chance(20_261_124)
  let slowest = 0
  let fits = 0
  for (let input = 0; input < INPUTS; input++) {
    const text = input % 100 === 0 ? mutated(example) : made()
    const started = performance.now()
    const reading = parseConfig(text, '/nowhere/f.yaml', {})
    slowest = Math.max(slowest, performance.now() - started)
    if (reading.ok) {
      fits++
      continue
    }
    if (reading.problems.length === 0) t.fail(`no problem told for ${JSON.stringify(text)}`)
    for (const problem of reading.problems) {
      const told = problemText('F', problem)
      // Chance may make it a key; where it stands as a value, it must not be told.
      if (problem.found.includes(SECRET) && !/^an unknown key|^the name/.test(problem.found)) {
        return t.fail(told)
      }
      const placed = problem.place.line >= 1 && problem.place.column >= 1
      if (!placed || !/^F: .*found .+; allowed: .+$/su.test(told)) t.fail(told)
    }
  }
  t.ok(slowest < SLOWEST_MS, `the slowest took ${Math.round(slowest)} ms`)
  t.comment(`${INPUTS} inputs, ${fits} fit`)
  return t.end()

  function made(): string {
    return Array.from({ length: 1 + below(12) }, () => pick(pieces)).join('')
  }

  function mutated(text: string): string {
    let now = text
    for (let times = 1 + below(4); times > 0; times--) {
      const at = below(now.length)
      now = now.slice(0, at) + pick(pieces) + now.slice(at + below(30))
    }
    return now
  }
})

void t.test('the strict reader of JSON finds exactly the members that stand twice', (t) => {
  const { pick, below } = chance(7)
  const names = ['a', 'b', '\\u0061', 'a\\"', '{', ',', '\\":\\"']
  for (let input = 0; input < INPUTS; input++) {
    const { text, twice } = object(3)
    let refused = false
    try {
      strictObject(Buffer.from(text), 'it')
    } catch {
      refused = true
    }
    if (refused !== twice) return t.fail(text)
  }
  t.pass(`${INPUTS} inputs`)
  return t.end()

  function object(depth: number): { text: string; twice: boolean } {
    const members = Array.from({ length: below(4) }, () => ({
      name: pick(names),
      of: value(depth),
    }))
    const decoded = members.map(({ name }) => (name === '\\u0061' ? 'a' : name))
    return {
      text: `{${members.map(({ name, of }) => `"${name}" :${of.text}`).join(', ')}}`,
      twice: new Set(decoded).size < decoded.length || members.some(({ of }) => of.twice),
    }
  }

  function value(depth: number): { text: string; twice: boolean } {
    const kind = below(depth > 0 ? 4 : 2)
    if (kind === 0) return { text: pick(['1', 'true', 'null', '-0.5e3']), twice: false }
    if (kind === 1)
      return { text: pick(['"a"', '"{\\"a\\":1,\\"a\\":2}"', '"\\\\"']), twice: false }
    if (kind === 2) return object(depth - 1)
    const items = Array.from({ length: below(3) }, () => value(depth - 1))
    return {
      text: `[${items.map(({ text }) => text).join(',')}]`,
      twice: items.some(({ twice }) => twice),
    }
  }
})
