// `json.patch` on every kind of value, and each way that it can fail, as in OPA.
import t from 'tap'
import { disagreements } from './agreement.js'

const SOURCES = [
  '{"a": [1, {"b": 2}], "c": {"d": {1, 2}}, "": 5, "a/b": 6, "~": 7}',
  '[1, 2, 3]',
  '{1, {"x": 1}}',
  '5',
  '"x"',
]
const OPERATIONS = [
  '{"op": "add", "path": "/a/0", "value": 9}',
  '{"op": "add", "path": "/a/-", "value": 9}',
  '{"op": "add", "path": "a/2", "value": 9}',
  '{"op": "add", "path": "/a/3", "value": 9}',
  '{"op": "add", "path": "/a/01", "value": 9}',
  '{"op": "add", "path": "/a/x", "value": 9}',
  '{"op": "add", "path": "/0", "value": 9}',
  '{"op": "add", "path": "", "value": [1]}',
  '{"op": "add", "path": "/", "value": [1]}',
  '{"op": "add", "path": "/c/d/3", "value": 3}',
  '{"op": "add", "path": ["c", "d", 3], "value": 3}',
  '{"op": "add", "path": ["c", "d", 3], "value": 4}',
  '{"op": "add", "path": ["a", 1, "b"], "value": {5}}',
  '{"op": "add", "path": ["a", -1], "value": 1}',
  '{"op": "add", "path": "/n/m", "value": 1}',
  '{"op": "add", "path": "/a/0/z", "value": 1}',
  '{"op": "add", "path": "/q"}',
  '{"op": "remove", "path": "/a/1/b"}',
  '{"op": "remove", "path": "/a~1b"}',
  '{"op": "remove", "path": "/~0"}',
  '{"op": "remove", "path": "/nothing"}',
  '{"op": "remove", "path": "/a/9"}',
  '{"op": "remove", "path": ["c", "d", 1]}',
  '{"op": "remove", "path": ["c", "d", 9]}',
  '{"op": "remove", "path": [{"x": 1}]}',
  '{"op": "replace", "path": "/a/0", "value": {"n": null}}',
  '{"op": "replace", "path": "/nothing", "value": 1}',
  '{"op": "replace", "path": "", "value": 1}',
  '{"op": "move", "from": "/a/0", "path": "/c/e"}',
  '{"op": "move", "from": "/a", "path": "/a/b"}',
  '{"op": "move", "from": "/nothing", "path": "/c"}',
  '{"op": "copy", "from": "/a", "path": "/c/e"}',
  '{"op": "copy", "from": "", "path": "/c"}',
  '{"op": "test", "path": "/a/0", "value": 1}',
  '{"op": "test", "path": "/a/0", "value": 2}',
  '{"op": "test", "path": ["c", "d"], "value": {2, 1}}',
  '{"op": "other", "path": "/a"}',
  '{"path": "/a"}',
  '{"op": "add", "value": 1}',
  '{"op": "remove", "path": 5}',
]

t.test('patches are applied, or not, as in OPA', async (t) => {
  const calls = SOURCES.flatMap((source) =>
    OPERATIONS.map((one) => `json.patch(${source}, input.o[_])`.replace('input.o[_]', `[${one}]`)),
  )
  const several = [
    'json.patch({"a": 1}, [])',
    'json.patch({"a": [1, 2, 3]}, [{"op": "remove", "path": "/a/0"}, {"op": "add", "path": "/a/-", "value": 4}, {"op": "move", "from": "/a/2", "path": "/b"}])',
    'json.patch({"a": 1}, [{"op": "remove", "path": ""}, {"op": "add", "path": "", "value": 2}])',
    'json.patch({"a": 1}, [{"op": "remove", "path": ""}, {"op": "add", "path": "/a", "value": 2}])',
  ]
  t.same(await disagreements([...calls.filter(typed), ...several]), [])
})

// OPA's compiler knows what a patch looks like.
function typed(call: string): boolean {
  return !/"other"|\[\{"path": "\/a"\}\]|"value": 1\}\]\)$/.test(call) || /"path": [\["]/.test(call)
}
