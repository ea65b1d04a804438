# METADATA
# title: What is recorded, and how what several rules ask for is put together
package sallyport.tests.recordings_test

import data.sallyport.main

_facts := object.union(
	data.base,
	{"command": {"effects": [{"op": "read", "object": "public.orders", "kind": "table"}]}},
)

_policies(asked) := {
	"allow": {"read": [0]},
	"deny": {"read": [], "any": []},
	"hold": {"read": [], "any": []},
	"mask": set(),
	"mask_rule": [],
	"record": asked,
}

_record(asked) := decision.record if {
	decision := main.decision with input as _facts with data.sallyport.policies as _policies(asked)
}

_everything := {"level": "results", "rows_max": 10, "bytes_max": 500, "required": true}

test_without_a_rule_the_decision_says_nothing_of_recording if {
	decision := main.decision with input as _facts with data.sallyport.policies as _policies(set())
	decision.action == "allow"
	not decision.record
}

test_what_one_rule_asks_for_is_recorded if _record({_everything}) == _everything

test_the_most_that_any_rule_asks_for_is_recorded if {
	_record({{"level": "none"}, {"level": "commands"}}) == {"level": "commands"}
	_record({{"level": "results"}, {"level": "commands"}, {"level": "none"}}) == {"level": "results"}
	_record({{"level": "none"}}) == {"level": "none"}
}

test_the_widest_bounds_count if {
	asked := {
		{"level": "results", "rows_max": 9, "bytes_max": 700},
		{"level": "results", "rows_max": 20, "bytes_max": 600},
	}
	_record(asked) == {"level": "results", "rows_max": 20, "bytes_max": 700}
}

test_what_one_rule_requires_is_required if {
	_record({{"level": "commands", "required": true}, {"level": "results"}}) == {"level": "results", "required": true}
	not _record({{"level": "commands", "required": false}, {"level": "results"}}).required
}

test_a_denial_is_recorded_as_asked if {
	denied := object.union(_policies({{"level": "none"}}), {"allow": {"read": []}})
	decision := main.decision with input as _facts with data.sallyport.policies as denied
	decision.action == "deny"
	decision.record == {"level": "none"}
}

_on_production := object.union(_facts, {"target": {"labels": {"env": "prod"}}})

test_an_environment_is_recorded_as_the_data_says if {
	decision := main.decision with input as _on_production
		with data.recordings as {"prod": {"level": "commands", "required": true}}
	decision.record == {"level": "commands", "required": true}
}

test_an_environment_that_the_data_leaves_out_is_not_spoken_of if {
	decision := main.decision with input as _on_production with data.recordings as {"test": {"level": "commands"}}
	not decision.record
}
