// Texts, patterns, graphs and other small families, as in OPA.
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

t.test('patterns match and templates are read as in OPA', async (t) => {
  const globs = [
    'a.c',
    '[a-d]x+',
    'a*',
    '.*',
    '[abc]*d',
    'a+b+',
    '[a',
    'a\\*',
    '+',
    '[z-a]',
    '[]',
    'x[-a]',
    '',
    'abc',
    'a*b*c*',
    '.+',
  ]
  const calls = [
    ...globs.flatMap((one) =>
      globs.map((other) => `regex.globs_match(${JSON.stringify(one)}, ${JSON.stringify(other)})`),
    ),
    ...['urn:foo:{.*}', 'urn:foo:{[0-9]+}:x', '{a{2}}', 'a}', '{', '{(}', 'a.b{x|y}'].flatMap(
      (one) =>
        ['urn:foo:bar', 'urn:foo:12:x', 'aa', 'a.bx', 'axbx'].map(
          (text) => `regex.template_match(${JSON.stringify(one)}, "${text}", "{", "}")`,
        ),
    ),
    'regex.template_match("a<b>", "ab", "<", ">")',
    'regex.template_match("a<b>", "ab", "<<", ">")',
    'glob.quote_meta("a*b?c[d]e{f,g}h\\\\i!-")',
    'regex.replace("x", input.none, "y")',
    'regex.split("\\\\s+", "a  b\\tc")',
    'regex.find_n("(?i)[a-z]+(?:x|y)?", "Abc DEFx 1", 2)',
  ]
  t.same(await disagreements(calls), [])
})

t.test('versions, identifiers and digests are as in OPA', async (t) => {
  const versions = [
    '1.2.3',
    'v1.2.3',
    'V1.2.3',
    '1.2.3-a.1',
    '1.2.3-a.02',
    '1.2.3+b',
    '1.2.3-+b',
    '1.2',
    '9223372036854775808.0.0',
    '1.2.3-a-b',
    '',
  ]
  const uuids = [
    '00000000-0000-0000-0000-000000000000',
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    '000003e8-48b9-21ee-b200-325096b39f47',
    '{6ba7b810-9dad-11d1-80b4-00c04fd430c8}',
    'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    '6ba7b8109dad11d180b400c04fd430c8',
    '6ba7b810-9dad-11d1-c0b4-03c04fd430c8',
    '6ba7b810-9dad-11d1-e0b4-01c04fd430c8',
    '6ba7b810-9dad-11d1-40b4-02c04fd430c8',
    '6ba7b810-9dad-11d1-80b4',
    'x',
  ]
  const calls = [
    ...versions.map((one) => `semver.is_valid("${one}")`),
    ...versions.flatMap((one) => versions.map((other) => `semver.compare("${one}", "${other}")`)),
    ...uuids.map((one) => `uuid.parse("${one}")`),
    ...['md5', 'sha1', 'sha256'].map((name) => `crypto.${name}("é")`),
    ...['md5', 'sha1', 'sha256', 'sha512'].map((name) => `crypto.hmac.${name}("é", "key")`),
    'crypto.hmac.equal("a", "a")',
    'crypto.hmac.equal("a", "ab")',
    'base64url.encode_no_pad("é?>")',
    'hex.decode("C3a9")',
    'hex.decode("c3 a9")',
  ]
  t.same(await disagreements(calls), [])
})

t.test('graphs, ranges and subsets are as in OPA', async (t) => {
  const graph = '{"a": ["b", "c"], "b": {"d"}, "c": ["a", "x"], "d": [], "f": ["f"]}'
  const calls = [
    ...['["a"]', '{"a", "b"}', '["d"]', '["f"]', '["nowhere"]', '[]'].map(
      (from) => `graph.reachable_paths(${graph}, ${from})`,
    ),
    'numbers.range_step(1, 10, 3)',
    'numbers.range_step(10, 1, 3)',
    'numbers.range_step(1, 1, 1)',
    'numbers.range_step(1, 2, 0)',
    'numbers.range_step(1.5, 2, 1)',
    'numbers.range_step(-9223372036854775810, -9223372036854775807, 2)',
    'object.subset({"a": [1, 2, 3]}, {"a": [2, 3]})',
    'object.subset([], set())',
    'object.subset([1], set())',
    'graph.reachable_paths(input.graph, ["a"])',
    'object.subset({"a": [1]}, {"a": {1}})',
    'object.subset([1, [2]], [[2]])',
    'object.subset({1}, [1])',
    'strings.count("aaa", "aa")',
    'indexof_n("aaa", "aa")',
  ]
  t.same(await disagreements(calls, { graph: { a: ['b', 'c'], b: null, c: 'x' } }), [])
})

t.test('a small question with an answer beyond measure ends the evaluation', async (t) => {
  const range = BUILTINS.get('numbers.range_step')
  t.throws(
    () => range?.apply(...['1', '1000000000', '1'].map((number) => ({ number }))),
    RangeError,
  )
  const nodes = Array.from({ length: 20 }, (_, at) => String(at))
  const graph = { object: nodes.map((name) => [name, nodes] as const) }
  t.throws(() => BUILTINS.get('graph.reachable_paths')?.apply(graph, nodes), RangeError)
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...[...'bcdefgh'].map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]}, `.repeat(9)}]`),
  ]
  t.throws(() => BUILTINS.get('yaml.unmarshal')?.apply(bomb.join('\n')), RangeError)
})
