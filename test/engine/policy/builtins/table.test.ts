// The host's builtins answer as OPA's do, byte for byte; what would make a decision depend on anything
// but its facts is refused before it is activated.
import t from 'tap'
import { createEvaluator } from '../../../../engine/policy/opa-wasm.js'
import { builtWasm } from '../opa-lab.js'
import { disagreements } from './agreement.js'

const FUEL = 50_000_000

// Rego expressions over `input`.
const EXPRESSIONS = [
  ...[
    '%d rows',
    '%v',
    '%s',
    '%5d|',
    '%-5d|',
    '%05d',
    '%+d',
    '% d',
    '%x',
    '%X',
    '%o',
    '%b',
    '%.3d',
    '%8.3d|',
    '%t',
    '%f',
    '%z',
    '%',
    '100%%',
    '%d %d',
    'none',
  ].map((format) => `sprintf(${JSON.stringify(format)}, [42])`),
  ...['%s', '%v', '%q', '%5s|', '%-5s|', '%.2s', '%05s', '%x', '%X', '%d', '%t', '%10q|'].map(
    (format) => `sprintf(${JSON.stringify(format)}, ["é\\n\\"x\\u0007\\u200b"])`,
  ),
  ...['%v', '%g', '%f', '%.2f', '%8.2f|', '%-8.1f|', '%08.2f', '%+.1f', '%e', '%E', '%d', '%s'].map(
    (format) => `sprintf(${JSON.stringify(format)}, [3.14159])`,
  ),
  ...[
    '0.1',
    '0.0001',
    '0.00001',
    '123456.5',
    '1234567.5',
    '1e20',
    '1e21',
    '1e-7',
    '100.0',
    '-0.5',
  ].map((number) => `sprintf("%v", [${number}])`),
  'sprintf("%v", [12345678901234567890])',
  'sprintf("%d", [-12345678901234567890])',
  'sprintf("%s %v", ["a", true])',
  'sprintf("%v", [null])',
  'sprintf("%v", [{"b": [1, "x"], "a": {2, 1}}])',
  'sprintf("%v", [{"z", "a", 3, null, [1]}])',
  'sprintf("%v", [set()])',
  'sprintf("%v", [[]])',
  'sprintf("%v", [{}])',
  'sprintf("%v", [{{"a": 1}, {"a": 0}}])',
  'sprintf("%s", [input.text])',
  'sprintf("%v", [input])',
  'sprintf("x", ["extra", 1, 2.5])',
  'regex.replace("foo bar", "o+", "0")',
  'regex.replace("foo", "^[a-z]", "F")',
  'regex.replace("foobar", "(o)(b)", "$2$1")',
  'regex.replace("foobar", "(?P<x>o)b", "${x}-$x1-$$")',
  'regex.replace("baaac", "a*", "x")',
  'regex.replace("é😀a", "", "-")',
  'regex.replace("x", "(", "y")',
  'regex.replace("a.b", "\\\\.", "$")',
  'regex.split(",", "a,b,,c")',
  'regex.split("", "abc")',
  'regex.split("a*", "baaac")',
  'regex.split("x", "")',
  'regex.split("^a", "ab")',
  'regex.find_n("a*", "baaac", -1)',
  'regex.find_n("[a-z]", "a1b2c3", 2)',
  'regex.find_n("o.", "foobar", -1)',
  'regex.find_n("(?i)É", "é É", -1)',
  'strings.any_prefix_match("public.orders", ["x", "public."])',
  'strings.any_prefix_match({"a", "b"}, {"c"})',
  'strings.any_suffix_match(["a.sql", "b.txt"], ".txt")',
  'sprintf("%f %3.1f %.3f", [0.0, 100.0, .0])',
  'sprintf("%v", [2e308])',
  'strings.split_n("a.b.c", ".", 2)',
  'strings.split_n("a.b.c", ".", -2)',
  'strings.split_n("a.b.c", ".", 9)',
  'strings.split_n("a.b.c", ".", 0)',
  'strings.split_n("", ".", 1)',
  'strings.split_n("é😀", "", 1)',
  'semver.is_valid("1.2.3-01")',
  'semver.is_valid("1.2.3-a..b")',
  'semver.compare("1.0.0", "1.0.0-01")',
  'strings.count("cheese", "e")',
  'strings.count("five", "")',
  'strings.count("aaaa", "aa")',
  'indexof_n("aaaa", "aa")',
  'indexof_n("é😀é", "é")',
  'indexof_n("a", "")',
  'object.subset({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}})',
  'object.subset({"a": {1, 2}}, {"a": {1}})',
  'object.subset([1, 2, 3], [2, 3])',
  'object.subset([1, 1, 2], [1, 2])',
  'object.subset([1, 2], {2})',
  'object.subset({1, 2}, {3})',
  'object.subset({"a": 1}, {"b": 1})',
  'crypto.sha256("é")',
  'hex.encode("aé")',
  'hex.decode("61c3a9")',
  'hex.decode("6")',
  'semver.is_valid("1.2.3-rc.1+b")',
  'semver.is_valid("1.2")',
  'semver.is_valid("01.2.3")',
  'semver.compare("1.2.3", "1.10.0")',
  'semver.compare("1.0.0-rc.1", "1.0.0")',
  'semver.compare("1.0.0-alpha.2", "1.0.0-alpha.10")',
  'semver.compare("1.0.0-alpha", "1.0.0-alpha.1")',
  'semver.compare("1.0.0-1", "1.0.0-a")',
  'semver.compare("1.0.0+a", "1.0.0+b")',
  'time.parse_rfc3339_ns("2026-11-24T10:20:30.123456789+02:30")',
  'time.parse_rfc3339_ns("2026-02-29T00:00:00Z")',
  'time.parse_rfc3339_ns("2024-02-29T23:59:59Z")',
  'time.parse_rfc3339_ns("1969-12-31T23:59:59.5Z")',
  'time.parse_rfc3339_ns("3000-01-01T00:00:00Z")',
  'time.parse_rfc3339_ns("2026-13-01T00:00:00Z")',
  'time.parse_rfc3339_ns("nonsense")',
  'time.parse_duration_ns("1h30m")',
  'time.parse_duration_ns("1.5s")',
  'time.parse_duration_ns("-2m")',
  'time.parse_duration_ns("1d2h")',
  'time.parse_duration_ns("1.5w")',
  'time.parse_duration_ns("1y")',
  'time.parse_duration_ns("0")',
  'time.parse_duration_ns("")',
  'time.parse_duration_ns("h")',
  'time.parse_duration_ns("5")',
  'time.parse_duration_ns("100µs3ns")',
  'time.date(input.ns)',
  'time.clock([input.ns, "UTC"])',
  'time.weekday(input.ns)',
  'time.date(-1)',
  'time.clock(-1)',
  'time.weekday(time.parse_rfc3339_ns(input.utc))',
  'time.add_date(input.ns, 1, 1, 1)',
  'time.add_date(time.parse_rfc3339_ns("2024-01-31T00:00:00Z"), 0, 1, 0)',
  'time.format(input.ns)',
  'time.format([input.ns, "UTC", "RFC3339"])',
  'time.format(-1)',
  'time.format(0)',
]

const INPUT = { text: 'naïve 😀', ns: 1_763_979_630_000_000_000, utc: '2026-11-24T10:20:30Z' }

t.test('the host’s builtins answer as OPA’s do', async (t) => {
  t.same(await disagreements(EXPRESSIONS, INPUT), [])
})

t.test('what depends on a clock, on chance or on others is refused by name', async (t) => {
  for (const [name, call] of Object.entries({
    'time.now_ns': 'time.now_ns()',
    'rand.intn': 'rand.intn("x", 5)',
    'uuid.rfc4122': 'uuid.rfc4122("x")',
    'opa.runtime': 'opa.runtime()',
    'http.send': 'http.send({"method": "get", "url": "http://127.0.0.1"})',
    'net.lookup_ip_addr': 'net.lookup_ip_addr("localhost")',
    'crypto.x509.parse_and_verify_certificates': 'crypto.x509.parse_and_verify_certificates("x")',
    'rego.parse_module': 'rego.parse_module("x.rego", "package x")',
  })) {
    const { wasm, data } = await builtWasm({ 'lab.rego': `package lab\n\nanswer := ${call}\n` }, [
      'lab/answer',
    ])
    t.throws(
      () => createEvaluator({ wasm, data, fuel: FUEL }),
      new RegExp(name.replaceAll('.', '\\.')),
      name,
    )
  }
})

t.test('a builtin of the host is paid for in fuel', async (t) => {
  const text = `package lab

answer := count([x | some i in numbers.range(1, 1000); x := regex.replace(input.text, "(a|b)*c", "")])
`
  const { wasm, data } = await builtWasm({ 'lab.rego': text }, ['lab/answer'])
  const evaluator = createEvaluator({ wasm, data, fuel: 5_000_000 })
  t.equal(evaluator.evaluate({ text: 'ab'.repeat(2000) }, 'lab/answer').kind, 'over_budget')
})

const HOSTILE = [
  'yaml.unmarshal(input.yaml)',
  'yaml.unmarshal(input.bomb)',
  'graphql.is_valid(input.query, input.schema)',
  'regex.replace(input.long, "(a|b|ab)*c{1,500}", "")',
  'json.match_schema(input.list, {"items": {"pattern": "^(a*)*b$"}})',
  'json.patch(input.list, [{"op": "add", "path": "/-", "value": x} | some x in input.list])',
  'graph.reachable_paths(input.graph, input.nodes)',
  'net.cidr_expand("::/0")',
  'net.cidr_expand("10.0.0.0/8")',
  'numbers.range_step(0, 1000000000, 1)',
  'strings.render_template("{{range 9000}}{{range 9000}}x{{end}}{{end}}", {})',
  'sprintf("%1000000d", [1])',
  'units.parse("1e999999")',
  'object.subset(input.list, input.list)',
  'strings.any_prefix_match(input.list, input.list)',
  'crypto.x509.parse_certificates(input.long)',
  'urlquery.decode_object(input.long)',
]

t.test(
  'a hostile argument costs the decision its fuel, and never more than a moment',
  async (t) => {
    const rules = HOSTILE.map((text, at) => `r${at} := ${text}`)
    const { wasm, data } = await builtWasm(
      { 'lab.rego': `package lab\n\n${rules.join('\n\n')}\n` },
      HOSTILE.map((_, at) => `lab/r${at}`),
    )
    const nodes = Array.from({ length: 30 }, (_, at) => `n${at}`)
    const input = {
      yaml: 'a: [1, {b: c}]\n'.repeat(5_000),
      bomb: [...'abcdefgh']
        .map(
          (name, at) =>
            `${name}: &${name} [${at === 0 ? 'x' : `*${'abcdefgh'[at - 1]},`.repeat(9)}]`,
        )
        .join('\n'),
      query: `{ ${'a { '.repeat(40)} b ${'}'.repeat(40)} ${'c '.repeat(5_000)}}`,
      schema: 'type Query { a: Query b: Int c: Int }',
      long: 'ab'.repeat(50_000),
      list: Array.from({ length: 4_000 }, (_, at) => `${'a'.repeat(20)}${at}`),
      graph: Object.fromEntries(nodes.map((name) => [name, nodes])),
      nodes,
    }
    const evaluator = createEvaluator({ wasm, data, fuel: 5_000_000 })
    for (const [at, text] of HOSTILE.entries()) {
      const started = process.hrtime.bigint()
      const { kind } = evaluator.evaluate(input, `lab/r${at}`)
      const ms = Number(process.hrtime.bigint() - started) / 1e6
      t.ok(kind !== 'result', `${text} ends as ${kind}`)
      t.ok(ms < 20_000, `${text} takes ${ms.toFixed(0)} ms`)
    }
  },
)
