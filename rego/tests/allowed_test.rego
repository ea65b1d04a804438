# METADATA
# title: What each rule of allow covers by itself
# description: >-
#   Where something is denied by name as well, no decision shows whether it was allowed; if the denial ever
#   went, it would be.
package sallyport.tests.allowed_test

import data.sallyport.policies

_agent := {"kind": "agent", "groups": ["agents"], "actor": []}

_engineer := {"kind": "human", "groups": ["engineers"], "actor": []}

# Who, what, and whether some rule allows it.
_table := [
	[_agent, {"op": "create", "kind": "view"}, false],
	[_agent, {"op": "create", "kind": "view", "temporary": true}, true],
	[_agent, {"op": "create", "kind": "index"}, false],
	[_agent, {"op": "create", "kind": "sequence"}, false],
	[_agent, {"op": "create", "kind": "function"}, false],
	[_agent, {"op": "create", "kind": "table"}, true],
	[_engineer, {"op": "create", "kind": "view"}, true],
	[_engineer, {"op": "create", "kind": "role"}, false],
	[_agent, {"op": "call", "kind": "function", "detail": "volatile"}, false],
	[_engineer, {"op": "call", "kind": "function", "detail": "volatile"}, true],
	[_engineer, {"op": "set", "kind": "setting", "detail": "harmless"}, true],
	[_engineer, {"op": "set", "kind": "setting", "detail": "rights"}, false],
	[_engineer, {"op": "set", "kind": "channel", "detail": "harmless"}, false],
	[_engineer, {"op": "set", "object": "search_path", "kind": "setting", "detail": "names"}, true],
	[_engineer, {"op": "set", "object": "search_path", "kind": "channel", "detail": "names"}, false],
	[_agent, {"op": "set", "object": "search_path", "kind": "setting", "detail": "names"}, false],
]

_allowed(identity, effect) if {
	facts := object.union(data.base, {
		"identity": identity,
		"command": {"effects": [object.union({"object": "public.x"}, effect)]},
	})
	covered := policies.allow[effect.op] with input as facts
	0 in covered
}

_as_said([identity, effect, true]) if _allowed(identity, effect)

_as_said([identity, effect, false]) if not _allowed(identity, effect)

test_rules_of_allow_cover_what_they_say_and_no_more if {
	every row in _table {
		_as_said(row)
	}
}

test_what_reads_settings_sets_none if {
	facts := object.union(data.base, {
		"identity": _engineer,
		"command": {"effects": [
			{"op": "read", "object": "all", "kind": "setting", "detail": "names"},
			{"op": "read", "object": "search_path", "kind": "setting", "detail": "names"},
		]},
	})
	covered := policies.allow.set with input as facts
	covered == set()
}
