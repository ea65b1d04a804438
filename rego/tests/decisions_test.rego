# METADATA
# title: The cases under fixtures/decisions, and what holds for all of them
package sallyport.tests.decisions_test

import data.sallyport.main

_severity := {"allow": 0, "mask-fields": 1, "require-approval": 2, "deny": 3}

# A case says where its facts differ from the common ones; a session being opened has no command.
_facts(one) := facts if {
	facts := object.union(data.base, one.facts)
	facts.stage == "command"
} else := object.remove(object.union(data.base, one.facts), ["command"])

_cases := [object.union(one, {"facts": _facts(one)}) | some one in data.decisions[_]]

_ids(decision) := [rule.id | some rule in decision.rules]

_as_expected(one) if {
	decision := main.decision with input as one.facts
	decision.action == one.decision.action
	sort(_ids(decision)) == sort(one.decision.rules)
}

test_there_are_cases if count(_cases) > 200

test_every_case_is_decided_as_it_says if {
	wrong := [one.name | some one in _cases; not _as_expected(one)]
	print(wrong)
	count(wrong) == 0
}

_people := [
	{"kind": "human", "groups": ["engineers"]},
	{"kind": "human", "groups": ["pii-readers"]},
	{"kind": "agent", "groups": ["agents"]},
]

# Each case as somebody else somewhere else, in turn: situations that the cases do not name.
_variants := [changed |
	some at, one in _cases
	identity := _people[at % count(_people)]
	env := ["prod", "test"][floor(at / count(_people)) % 2]
	changed := object.union(one.facts, {"identity": identity, "target": {"labels": {"env": env}}})
]

# METADATA
# description: Nor with fewer masks or wider limits.
_stricter(facts) if {
	decision := main.decision with input as facts
	degraded := main.degraded with input as facts
	_severity[degraded.action] >= _severity[decision.action]
	_not_wider(degraded, decision)
}

_not_wider(degraded, _) if degraded.action == "deny"

_not_wider(degraded, decision) if degraded == decision

test_degraded_is_never_more_lenient if {
	every facts in _variants {
		_stricter(facts)
	}
}

test_degraded_never_asks_for_an_approval if {
	every facts in _variants {
		degraded := main.degraded with input as facts
		degraded.action != "require-approval"
	}
}

_reading := {"read", "explain", "transaction", "set", "call"}

test_degraded_only_reads if {
	every facts in _variants {
		_denied_or_reading(facts)
	}
}

_denied_or_reading(facts) if {
	degraded := main.degraded with input as facts
	degraded.action == "deny"
}

_denied_or_reading(facts) if {
	every effect in object.get(facts, ["command", "effects"], []) {
		effect.op in _reading
	}
}

_well_formed(decision) if {
	decision.action == "deny"
	count(decision.rules) > 0
	count(decision.masks) == 0
}

_well_formed(decision) if {
	decision.action == "require-approval"
	count(decision.rules) > 0
	count(decision.approval.approvers) > 0
}

_well_formed(decision) if {
	decision.action == "mask-fields"
	count(decision.masks) > 0
}

_well_formed(decision) if {
	decision.action == "allow"
	count(decision.masks) == 0
}

test_every_decision_is_complete if {
	every facts in _variants {
		decision := main.decision with input as facts
		object.keys(decision) in [
			{"action", "rules", "masks", "limits"},
			{"action", "rules", "masks", "limits", "approval"},
		]
		_well_formed(decision)
	}
}

test_a_grant_makes_no_denial_pass if {
	every one in _cases {
		_denied_alike(one.facts)
	}
}

_granted := [{"id": "g", "scope": "command", "approvers": ["grace"]}]

_denied_alike(facts) if {
	decision := main.decision with input as facts
	decision.action != "deny"
}

_denied_alike(facts) if {
	decision := main.decision with input as object.union(facts, {"grants": _granted})
	decision.action == "deny"
}

# METADATA
# description: What the shipped data leaves off.
_hours := {"enabled": true, "weekdays": ["monday"], "from": 8, "to": 18}

_at(weekday, hour) := object.union(_writing, {"time": {"weekday": weekday, "hour": hour}})

_writing := one.facts if {
	some one in _cases
	one.name == "engineer: insert into a table"
}

test_production_hours_ask_for_approval_outside_of_them if {
	every facts in [_at("sunday", 12), _at("monday", 7), _at("monday", 18)] {
		decision := main.decision with input as facts with data.hours as _hours
		decision.action == "require-approval"
		"limits/production-hours" in _ids(decision)
	}
}

test_production_hours_leave_the_hours_within_alone if {
	every facts in [_at("monday", 8), _at("monday", 17)] {
		decision := main.decision with input as facts with data.hours as _hours
		decision.action == "mask-fields"
	}
}

test_production_hours_leave_reading_alone if {
	every effect in [{"op": "read", "object": "public.orders", "kind": "table"}] {
		facts := object.union(_at("sunday", 3), {"command": {"effects": [effect]}})
		decision := main.decision with input as facts with data.hours as _hours
		decision.action == "mask-fields"
	}
}
