# METADATA
# title: Who sees what in the console
package sallyport.tests.console_test

import data.sallyport.main

_person := {
	"subject": "ada",
	"issuer": "https://id",
	"name": "ada",
	"kind": "human",
	"groups": [],
	"actor": [],
	"claims": {},
	"mfa": false,
}

_target := {"name": "shop", "kind": "postgres", "labels": {}, "database": "shop"}

_session(owner) := {"identity": owner, "target": _target, "live": true}

_other := object.union(_person, {"subject": "bob"})

_ask(verb, who, more) := answer if {
	question := object.union({"version": 1, "verb": verb, "approver": object.union(_person, who)}, more)
	answer := main.approval with input as question
		with data.teams as {
			"approvers": ["reviewing"],
			"auditors": ["auditing"],
			"operators": ["operating"],
			"policy_operators": ["shipping"],
			"keepers": ["keeping"],
		}
}

_about := {"verbs": ["see_session", "watch_session", "end_session"]}

test_what_is_ones_own_is_seen_watched_and_ended if {
	every verb in _about.verbs {
		_ask(verb, {}, {"session": _session(_person)}) == {
			"allow": true,
			"reason": "this is your own",
			"verb": verb,
		}
	}
}

test_a_person_sees_what_their_agent_did_and_the_agent_what_is_its_own if {
	agent := object.union(_person, {"kind": "agent", "actor": [{"subject": "bot"}]})
	_ask("watch_session", {}, {"session": _session(agent)}).allow
	_ask("watch_session", agent, {"session": _session(agent)}).allow
}

test_the_same_subject_of_another_issuer_is_somebody_else if {
	stranger := object.union(_person, {"issuer": "https://other"})
	every verb in _about.verbs {
		not _ask(verb, {}, {"session": _session(stranger)}).allow
	}
}

test_others_are_seen_by_whom_it_is_for_and_by_no_one_else if {
	expected := {
		"see_session": {"reviewing", "auditing", "operating"},
		"watch_session": {"auditing", "operating"},
		"end_session": {"operating"},
		"search": {"auditing"},
		"see_policies": {"reviewing", "auditing", "operating", "shipping"},
		"see_health": {"reviewing", "auditing", "operating", "shipping"},
		"try": {"auditing", "shipping"},
		"see_holds": {"auditing", "keeping"},
		"set_hold": {"auditing", "keeping"},
		"lift_hold": {"auditing", "keeping"},
		"delete_recording": {"auditing", "keeping"},
	}
	every verb, groups in expected {
		got := {group |
			some group in ["reviewing", "auditing", "operating", "shipping", "keeping", "nobody"]
			_ask(verb, {"groups": ["nobody", group]}, {"session": _session(_other), "as": _other}).allow
		}
		got == groups
	}
}

test_a_program_sees_nothing_of_others if {
	every verb in ["see_session", "watch_session", "end_session", "search", "see_policies", "try"] {
		every who in [{"kind": "agent"}, {"kind": "pipeline"}, {"actor": [{"subject": "bot"}]}] {
			answer := _ask(
				verb,
				object.union(who, {"groups": ["auditing", "operating", "shipping"]}),
				{"session": _session(_other), "as": _other},
			)
			answer == {"allow": false, "reason": "only people see what others do", "verb": verb}
		}
	}
}

test_no_recording_is_ones_own_to_keep_or_delete if {
	every verb in ["see_holds", "set_hold", "lift_hold", "delete_recording"] {
		not _ask(verb, {}, {"session": _session(_person), "as": _person}).allow
		not _ask(verb, {"groups": ["keeping"], "kind": "agent"}, {}).allow
	}
}

test_anybody_tries_as_themselves_and_sees_the_names_of_targets if {
	_ask("try", {}, {"as": _person}).allow
	not _ask("try", {}, {"as": _other}).allow
	not _ask("search", {}, {"as": _person}).allow
	not _ask("search", {}, {"session": _session(_person)}).allow
	_ask("see_targets", {"kind": "pipeline"}, {}) == {
		"allow": true,
		"reason": "for everybody who is signed in",
		"verb": "see_targets",
	}
}

test_answers_say_why if {
	_ask("end_session", {"groups": ["x"]}, {"session": _session(_other)}) == {
		"allow": false,
		"reason": "this is for operating",
		"verb": "end_session",
	}
	_ask("see_session", {"groups": ["reviewing", "operating"]}, {"session": _session(_other)}) == {
		"allow": true,
		"reason": "for operating, reviewing",
		"verb": "see_session",
	}
}

_approving(verb, more) := answer if {
	answer := main.approval with input as object.union(
		object.union(data.approvals.base, {"verb": verb}),
		more,
	)
		with data.approvals.step_up as {"max_age_ms": 60000}
}

_asked_again := {"max_age_ms": 60000}

test_where_data_asks_for_it_an_approval_needs_a_fresh_sign_in if {
	_approving("approve", {}).step_up == _asked_again
	_approving("approve", {"authenticated_ms_ago": 60001}).step_up == _asked_again
	not _approving("approve", {"authenticated_ms_ago": 60000}).step_up
	not _approving("deny", {}).step_up
	not _approving("list", {}).step_up
}

test_who_may_not_approve_is_not_asked_to_sign_in_again if {
	answer := _approving("approve", {"approver": {"kind": "agent"}})
	not answer.allow
	not answer.step_up
}

test_without_such_data_no_one_is_asked if {
	answer := main.approval with input as object.union(data.approvals.base, {"verb": "approve"})
	answer.allow
	not answer.step_up
}

test_as_shipped_it_does_not_matter_how_long_ago_somebody_signed_in if {
	data.approvals.step_up.max_age_ms == 0
	every age in [0, -1, -60000] {
		answer := main.approval with input as object.union(data.approvals.base, {"verb": "approve"})
			with data.approvals.step_up as {"max_age_ms": age}
		answer.allow
		not answer.step_up
	}
}

test_the_shortest_age_that_can_be_asked_for_is_asked_for if {
	answer := main.approval with input as object.union(data.approvals.base, {"verb": "approve"})
		with data.approvals.step_up as {"max_age_ms": 1}
	answer.step_up == {"max_age_ms": 1}
}
