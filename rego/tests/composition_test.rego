# METADATA
# title: How decisions are composed, whatever the policies are
package sallyport.tests.composition_test

import data.sallyport.main

_facts := object.union(
	data.base,
	{"command": {"effects": [{"op": "read", "object": "public.orders", "kind": "table"}]}},
)

_terms(approvers, quorum, expires_ms, reason_required, scope) := {
	"approvers": approvers,
	"quorum": quorum,
	"expires_ms": expires_ms,
	"reason_required": reason_required,
	"scope": scope,
}

_hold(id, terms) := {"id": id, "message": "", "hint": "", "approval": terms}

_deny := {"id": "x/deny", "message": "", "hint": ""}

_policies(allow, deny, hold, mask) := {
	"allow": {"read": allow},
	"deny": {"read": deny, "any": []},
	"hold": {"read": hold, "any": []},
	"mask": {one | some one in mask},
	"mask_rule": [],
}

_one := _hold("x/one", _terms(["b", "a"], 1, 5000, false, "session"))

_two := _hold("x/two", _terms(["c"], 2, 9000, true, "command"))

_mask := {"match": "label:pii", "method": "redact"}

_decided(policies) := decision if {
	decision := main.decision with input as _facts
		with data.sallyport.policies as policies
}

test_a_denial_wins_over_everything if {
	_decided(_policies([0], [_deny], [_one], [_mask])).action == "deny"
}

test_what_nobody_allows_is_denied_before_anybody_is_asked if {
	_decided(_policies([], [], [_one], [_mask])).rules[0].id == "sallyport/not-covered"
}

test_an_approval_comes_before_masks_and_carries_them if {
	decision := _decided(_policies([0], [], [_one], [_mask]))
	decision.action == "require-approval"
	decision.masks == [_mask]
}

test_masks_come_before_plain_permission if {
	_decided(_policies([0], [], [], [_mask])).action == "mask-fields"
}

test_what_is_allowed_and_of_no_other_concern_runs if {
	_decided(_policies([0], [], [], [])).action == "allow"
}

test_the_strictest_terms_of_all_approvals_hold if {
	decision := _decided(_policies([0], [], [_one, _two], []))
	decision.approval == _terms(["a", "b", "c"], 2, 5000, true, "command")
}

test_a_grant_for_the_session_covers_what_asks_for_the_session_only if {
	facts := object.union(_facts, {"grants": [{"id": "g", "scope": "session", "approvers": []}]})
	decision := main.decision with input as facts
		with data.sallyport.policies as _policies([0], [], [_one, _two], [])
	{rule.id | some rule in decision.rules} == {"x/two"}
}

test_masks_are_sorted_and_named_once if {
	other := {"match": "column:a.b.c", "method": "redact"}
	_decided(_policies([0], [], [], [_mask, other, _mask])).masks == [other, _mask]
}

test_a_command_that_is_not_there_is_denied if {
	decision := main.decision with input as object.remove(_facts, ["command"])
	decision.action == "deny"
	decision.rules[0].id == "sallyport/no-command"
}

test_one_mask_is_enough_to_name_its_rule if {
	named := object.union(
		_policies([0], [], [], [_mask]),
		{"mask_rule": {{"id": "x/mask", "message": "", "hint": ""}}},
	)
	[rule.id | some rule in _decided(named).rules] == ["x/mask"]
}

test_a_grant_of_a_scope_that_nobody_knows_satisfies_nothing if {
	facts := object.union(_facts, {"grants": [{"id": "g", "scope": "always", "approvers": []}]})
	decision := main.decision with input as facts
		with data.sallyport.policies as _policies([0], [], [_one], [])
	decision.action == "require-approval"
}

test_rules_are_named_in_order if {
	rules := [{"id": id, "message": "", "hint": ""} | some id in ["x/c", "x/a", "x/b"]]
	[rule.id | some rule in _decided(_policies([0], rules, [], [])).rules] == ["x/a", "x/b", "x/c"]
}
