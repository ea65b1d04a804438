# METADATA
# title: What runs while nobody can be asked
# description: Reading, and what belongs to it; the rest waits until somebody can be asked again.
package sallyport.tests.degraded_test

import data.sallyport.main

_reader := {"kind": "human", "groups": ["pii-readers"]}

_degraded(env, effect) := decision if {
	facts := object.union(data.base, {
		"identity": _reader,
		"target": {"labels": {"env": env}},
		"command": {"effects": [object.union({"object": "public.x", "kind": "table"}, effect)]},
	})
	decision := main.degraded with input as facts
}

_ids(decision) := [rule.id | some rule in decision.rules]

test_what_reads_runs if {
	every effect in [
		{"op": "read"},
		{"op": "explain"},
		{"op": "transaction", "kind": "transaction", "detail": "begin"},
		{"op": "set", "kind": "setting", "detail": "harmless"},
		{"op": "call", "kind": "cursor", "detail": "fetch"},
		{"op": "call", "kind": "cursor", "detail": "move"},
		{"op": "call", "kind": "statement", "detail": "prepared"},
	] {
		_degraded("prod", effect).action == "allow"
	}
}

test_what_only_runs_otherwise_is_denied if {
	every effect in [
		{"op": "insert"},
		{"op": "insert", "detail": "fetch"},
		{"op": "update", "where": "key"},
		{"op": "delete", "where": "key"},
		{"op": "create"},
		{"op": "copy_out"},
		{"op": "lock"},
		{"op": "listen", "kind": "channel"},
		{"op": "call", "kind": "function", "detail": "immutable"},
	] {
		decision := _degraded("test", effect)
		decision.action == "deny"
		_ids(decision) == ["degraded/reads-only"]
	}
}

test_what_would_wait_is_denied_and_says_so if {
	decision := _degraded("prod", {"op": "drop"})
	decision.action == "deny"
	_ids(decision) == ["degraded/no-approver", "degraded/reads-only"]
}

test_what_is_denied_anyway_keeps_its_reason if {
	_ids(_degraded("test", {"op": "grant"})) == ["capabilities/grant", "degraded/reads-only"]
}
