# METADATA
# title: Secrets, step by step
# description: Each sink that the rules list, one at a time; the command tests hold whole commands.
package sallyport.tests.secrets_test

import data.sallyport.main

_hash := {"from": "public.accounts.password_hash", "labels": ["secret"], "to": "output", "through": []}

_reading := {"op": "read", "object": "public.accounts", "kind": "table"}

_decision(effects, flows) := decision if {
	reader := {"kind": "human", "groups": ["pii-readers"], "actor": []}
	facts := object.union(data.base, {"identity": reader, "command": {"effects": effects, "flows": flows}})
	decision := main.decision with input as facts
}

_ids(effects, flows) := {rule.id | some rule in _decision(effects, flows).rules}

_to(sink, effects) := _ids(effects, [object.union(_hash, {"to": sink})])

test_nobody_sees_a_secret if {
	decision := _decision([_reading], [_hash])
	decision.action == "mask-fields"
	decision.masks == [{"match": "label:secret", "method": "redact"}]
	_ids([_reading], [_hash]) == {"protected/secrets"}
}

test_other_labels_are_not_secrets if {
	_decision([_reading], [object.union(_hash, {"labels": ["pii"]})]).action == "allow"
	_decision([_reading], []).masks == []
}

test_a_secret_is_stored_nowhere_else if {
	inserting := {"op": "insert", "object": "public.orders", "kind": "table", "columns": ["status"]}
	every sink in ["write", "notice"] {
		_to(sink, [_reading, inserting]) == {"protected/secret-stored-elsewhere"}
	}
	every sink in ["output", "predicate", "join", "order", "group", "aggregate", "copy", "argument"] {
		_to(sink, [_reading, inserting]) == {"protected/secrets"}
	}
}

test_a_secret_stays_where_it_is if {
	updating := {
		"op": "update",
		"object": "public.accounts",
		"kind": "table",
		"columns": ["password_hash"],
		"where": "key",
	}
	_to("write", [_reading, updating]) == {"protected/secrets"}
}

test_a_plan_tells_no_secret if {
	explaining := {"op": "explain", "object": "", "kind": "statement"}
	every sink in ["predicate", "join", "order", "group"] {
		_to(sink, [_reading, explaining]) == {"protected/secret-in-a-plan"}
	}
	every sink in ["output", "aggregate"] {
		_to(sink, [_reading, explaining]) == {"protected/secrets"}
	}
}
