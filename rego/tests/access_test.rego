# METADATA
# title: Access for a time
# description: Who must agree before a target labelled with access jit opens, and that no other is concerned.
package sallyport.tests.access_test

import data.sallyport.main

_opening(labels, more) := decision if {
	facts := object.union(
		object.remove(data.base, ["command"]),
		object.union({"stage": "session", "target": {"labels": labels}}, more),
	)
	decision := main.decision with input as facts
}

_engineer := {"kind": "human", "groups": ["engineers"]}

_jit := {"env": "prod", "access": "jit"}

test_a_target_labelled_jit_opens_once_somebody_agreed if {
	decision := _opening(_jit, {})
	decision.action == "require-approval"
	[rule.id | some rule in decision.rules] == ["access/just-in-time"]
	decision.approval == data.approvals.access
}

test_a_grant_opens_it if {
	grant := {"id": "g", "scope": "session", "approvers": ["grace"], "rules": ["access/just-in-time"]}
	_opening(_jit, {"grants": [grant]}).action == "allow"
}

test_a_grant_that_another_rule_had_asked_for_does_not_open_it if {
	grant := {"id": "g", "scope": "session", "approvers": ["grace"], "rules": ["x/other"]}
	_opening(_jit, {"grants": [grant]}).action == "require-approval"
}

test_other_targets_open_as_ever if {
	every labels in [{"env": "prod"}, {"env": "prod", "access": "always"}, {}] {
		_opening(labels, {}).action == "allow"
	}
}

test_a_command_needs_the_grant_as_well if {
	decision := main.decision with input as object.union(data.base, {
		"target": {"labels": _jit},
		"command": {"effects": [{"op": "lock", "object": "public.orders", "kind": "table"}]},
	})
	decision.action == "require-approval"
	decision.rules[0].id == "access/just-in-time"
}

# Whoever changes the shipped terms changes this with them.
test_access_stands_for_half_an_hour_once_one_of_the_approvers_agreed if {
	_opening(_jit, {}).approval == {
		"approvers": ["approvers"],
		"quorum": 1,
		"expires_ms": 900000,
		"reason_required": false,
		"scope": "session",
		"grant_ms": 1800000,
	}
}

test_two_people_on_call_break_the_glass if {
	decision := _opening(_jit, {"identity": _engineer, "access": {"for_ms": 600000, "break_glass": true}})
	decision.action == "require-approval"
	[rule.id | some rule in decision.rules] == ["access/break-glass"]
	decision.approval == {
		"approvers": ["on-call"],
		"quorum": 2,
		"expires_ms": 600000,
		"reason_required": true,
		"scope": "session",
		"grant_ms": 900000,
	}
	decision.approval.quorum == 2
}

test_programs_break_no_glass if {
	acting := {"kind": "human", "actor": [{"subject": "helper"}]}
	every identity in [{"kind": "agent"}, {"kind": "pipeline"}, acting] {
		decision := _opening(_jit, {"identity": identity, "access": {"for_ms": 600000, "break_glass": true}})
		[rule.id | some rule in decision.rules] == ["sallyport/no-break-glass"]
	}
}

test_glass_that_is_not_there_cannot_be_broken if {
	decision := _opening({"env": "prod"}, {"identity": _engineer, "access": {"for_ms": 600000, "break_glass": true}})
	decision.action == "deny"
	[rule.id | some rule in decision.rules] == ["sallyport/no-break-glass"]
}
