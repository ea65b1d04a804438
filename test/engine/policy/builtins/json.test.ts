// JSON and YAML, written and read as in OPA.
import t from 'tap'
import { disagreements } from './agreement.js'

const VALUES = [
  'null',
  '[]',
  '{}',
  '[1, [2.50, "x"], {"a": {}}]',
  '{"b": {2, 1}, "a": "<é&\\u2028>", "c": {"x": [], "y": null}}',
  '{1: "n", [1, 2]: "a", "s": true}',
  '12345678901234567890123',
  '"\\u0001\\t\\"\\\\"',
]

t.test('JSON is written with options as in OPA', async (t) => {
  const options = [
    '{}',
    '{"pretty": true}',
    '{"indent": "  "}',
    '{"prefix": "> "}',
    '{"prefix": "#", "indent": "", "pretty": false}',
  ]
  const calls = VALUES.flatMap((value) =>
    options.map((one) => `json.marshal_with_options(${value}, ${one})`),
  )
  t.same(await disagreements(calls), [])
})

const YAML = [
  '',
  'a: 1',
  'a: yes\nb: on\nc: True\nd: ~\ne: null\nf:',
  '- 0x1F\n- 0o17\n- 017\n- 0b11\n- 1_000\n- +5\n- -0\n- 1e3\n- .5\n- 5.\n- 1.0\n- 0.1e1\n- 08',
  'a: 2023-01-01\nb: 2023-01-01T10:00:00Z\nc: 10:20:30',
  'a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n  b: 3',
  'p: &p {x: 1, y: 1}\nq: &q {y: 2, z: 2}\nr:\n  <<: [*p, *q]',
  '1: a\ntrue: b\n1.5: c\nnull: d',
  '1: a\ntrue: b\n1.5: c',
  'a: 1\na: 2',
  '? [1]\n: 2',
  "a: |\n  x\n  y\nb: >\n  x\n  y\nc: \"q\\n\"\nd: 'it''s'",
  'a: 1\n---\nb: 2',
  'a: 1\n---\n\tb: 2',
  '[1, 2',
  'a: b: c',
  '\ta: 1',
  'a: !!str 5\nb: !!int "5"\nc: !!binary aGk=',
  'a: *nothing',
  '- .nan',
  '- 12345678901234567890\n- 123456789012345678901234567890\n- 1e400',
  'é: ü',
  '# only a comment',
  '"a": [x, {y: z}]',
]

t.test('YAML is read as in OPA', async (t) => {
  const calls = YAML.flatMap((text) => [
    `yaml.unmarshal(${JSON.stringify(text)})`,
    `yaml.is_valid(${JSON.stringify(text)})`,
  ])
  t.same(await disagreements(calls), [])
})

const WRITTEN = [
  ...VALUES.filter((value) => !value.includes('2028')),
  '{"a": [1, 2.5, -3], "b": [[1], {"c": [{}]}], "d": {"e": {"f": null}}}',
  '["true", "yes", "null", "~", "1", "1.5", "0x1", "1_0", "2023-01-01", "10:20", "", " x", "x ", "a: b", "- a", "#a", "a #b"]',
  '[["x"], [["y", {"b": 1, "a": [2]}]], {}, "a\\n\\nb\\n\\n", " lead\\nx", "trail \\nx", "x\\n ", "\\n", ".inf", ":", "a:", "a:b", "::", "...", "--", "-x", "<<", "=", "0o7", "1e3", ".5", "+1"]',
  '{"a10": 1, "a9": 2, "a": 3, "A": 4, "b1": 5, "a01": 6, "a1b": 7, "1": 8, "10": 9, "9": 10, "_": 11, "x\\ny": 12, "": 13, "a:": 14, "yes": "no"}',
  '{"d": {"e": "m\\nn"}, "f": ["m\\nn\\n"]}',
  '"m\\nn"',
  '"\\u007f"',
  '"\\u0001\\u00a0\\u001b"',
  '[1e20, 1234567.5, 0.00001, 1e400, 18446744073709551615, 18446744073709551616]',
  '["multi\\nline", "multi\\nline\\n", "tab\\tx", "é", "\\"quoted\\"", "it\'s", "*a", "&a", "!a", "%a", "@a", "`a", "{a", "[a", "?", "? a", "-", "---", "a,b", "y", "n", "off"]',
]

t.test('YAML is written as in OPA', async (t) => {
  t.same(await disagreements(WRITTEN.map((value) => `yaml.marshal(${value})`)), [])
})
