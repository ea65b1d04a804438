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

_limited(limits) := object.union(_policies([0], [], [], []), {"limit": limits})

test_of_each_limit_the_smallest_counts if {
	limits := {{"rows_max": 5, "timeout_ms": 9}, {"rows_max": 7, "rows_affected_max": 0}, {}}
	_decided(_limited(limits)).limits == {"rows_max": 5, "timeout_ms": 9, "rows_affected_max": 0}
}

test_without_limits_there_are_none if {
	_decided(_limited(set())).limits == {}
	_decided(_policies([0], [], [], [])).limits == {}
}

_previewed(one, other) := _decided(_policies(
	[0], [],
	[
		_hold("x/one", object.union(_one.approval, one)),
		_hold("x/two", object.union(_two.approval, other)),
	],
	[],
)).approval

test_the_most_is_told_beforehand_that_any_rule_asks_for if {
	_previewed({"preview": "estimate"}, {"preview": "count"}).preview == "count"
	_previewed({}, {"preview": "count"}).preview == "count"
	not _previewed({}, {}).preview
	not _previewed({"preview": "estimate"}, {}).preview
}

test_nothing_is_told_beforehand_where_a_rule_wants_that if {
	_previewed({"preview": "count"}, {"preview": "none"}).preview == "none"
	_previewed({"preview": "none"}, {}).preview == "none"
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

test_every_rule_that_asks_gets_its_own_people if {
	decision := _decided(_policies([0], [], [_one, _two], []))
	decision.approval == object.union(
		_terms(["a", "b", "c"], 3, 5000, true, "command"),
		{"groups": [{"any_of": ["a", "b"], "count": 1}, {"any_of": ["c"], "count": 2}]},
	)
}

test_rules_that_ask_the_same_groups_ask_for_the_most_of_them if {
	same := _hold("x/same", _terms(["a", "b"], 2, 7000, false, "session"))
	decision := _decided(_policies([0], [], [_one, same], []))
	decision.approval == _terms(["a", "b"], 2, 5000, false, "session")
}

_dba_and_security := [{"any_of": ["dba"], "count": 1}, {"any_of": ["security"], "count": 1}]

_grouped := _hold("x/grouped", {
	"groups": _dba_and_security,
	"expires_ms": 6000,
	"reason_required": false,
	"scope": "command",
})

test_one_of_these_and_one_of_those_is_asked_for_as_it_is if {
	decision := _decided(_policies([0], [], [_grouped], []))
	decision.approval == object.union(
		_terms(["dba", "security"], 2, 6000, false, "command"),
		{"groups": _dba_and_security},
	)
}

test_who_names_groups_means_them_and_not_the_approvers_beside if {
	beside := _hold("x/beside", object.union(_grouped.approval, {"approvers": ["anybody"], "quorum": 1}))
	decision := _decided(_policies([0], [], [beside], []))
	decision.approval.groups == _dba_and_security
	decision.approval.approvers == ["dba", "security"]
}

test_groups_of_one_rule_join_those_of_another if {
	decision := _decided(_policies([0], [], [_grouped, _hold("x/dba", _terms(["dba"], 2, 6000, false, "command"))], []))
	decision.approval.groups == [{"any_of": ["dba"], "count": 2}, {"any_of": ["security"], "count": 1}]
	decision.approval.quorum == 3
}

_escalating(id, after, to) := _hold(id, object.union(
	_terms(["a"], 1, 5000, false, "session"),
	{"escalate": {"after_ms": after, "to": to}},
))

test_others_may_settle_later_only_where_every_rule_says_so if {
	one := _escalating("x/e1", 1000, ["m", "n"])
	two := _escalating("x/e2", 2000, ["n", "o"])
	other := _escalating("x/e3", 2000, ["o"])
	_decided(_policies([0], [], [one, two], [])).approval.escalate == {"after_ms": 2000, "to": ["n"]}
	not _decided(_policies([0], [], [one, _one], [])).approval.escalate
	not _decided(_policies([0], [], [one, other], [])).approval.escalate
}

test_the_shortest_time_of_a_grant_holds if {
	long := _hold("x/long", object.union(_terms(["a"], 1, 5000, false, "session"), {"grant_ms": 9000}))
	short := _hold("x/short", object.union(_terms(["a"], 1, 5000, false, "session"), {"grant_ms": 2000}))
	_decided(_policies([0], [], [long, short, _one], [])).approval.grant_ms == 2000
}

test_a_grant_for_the_session_covers_the_rules_that_asked_for_it_alone if {
	facts := object.union(_facts, {"grants": [{"id": "g", "scope": "session", "approvers": [], "rules": ["x/other"]}]})
	asked := object.union(_facts, {"grants": [{"id": "g", "scope": "session", "approvers": [], "rules": ["x/one"]}]})
	policies := _policies([0], [], [_one], [])
	other := main.decision with input as facts with data.sallyport.policies as policies
	other.action == "require-approval"
	own := main.decision with input as asked with data.sallyport.policies as policies
	own.action == "allow"
}

_broken := {"id": "g", "scope": "session", "approvers": [], "rules": ["x/emergency"], "break_glass": true}

test_broken_glass_covers_whatever_asks_and_denies_nothing_less if {
	facts := object.union(_facts, {"grants": [_broken]})
	held := _policies([0], [], [_one, _two], [_mask])
	free := main.decision with input as facts with data.sallyport.policies as held
	free.action == "mask-fields"
	denied := main.decision with input as facts with data.sallyport.policies as _policies([0], [_deny], [_two], [])
	denied.action == "deny"
}

test_in_an_emergency_its_own_rules_say_who_must_agree if {
	emergency := _hold("x/emergency", _terms(["on-call"], 2, 5000, true, "session"))
	facts := object.union(
		object.remove(_facts, ["command"]),
		{"stage": "session", "access": {"for_ms": 60000, "break_glass": true}},
	)
	policies := object.union(_policies([], [], [_one], []), {"break_glass": {emergency}, "hold": {"any": [_one], "read": []}})
	decision := main.decision with input as facts with data.sallyport.policies as policies
	decision.action == "require-approval"
	[rule.id | some rule in decision.rules] == ["x/emergency"]
	decision.approval == emergency.approval
	none := main.decision with input as facts with data.sallyport.policies as _policies([], [], [_one], [])
	none.action == "deny"
	none.rules[0].id == "sallyport/no-break-glass"
}

test_access_that_is_no_emergency_is_asked_of_the_usual_people if {
	emergency := _hold("x/emergency", _terms(["on-call"], 2, 5000, true, "session"))
	facts := object.union(
		object.remove(_facts, ["command"]),
		{"stage": "session", "access": {"for_ms": 60000, "break_glass": false}},
	)
	policies := object.union(_policies([], [], [], []), {"break_glass": {emergency}, "hold": {"any": [_one], "read": []}})
	decision := main.decision with input as facts with data.sallyport.policies as policies
	[rule.id | some rule in decision.rules] == ["x/one"]
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
