# METADATA
# title: Who settles requests
package sallyport.tests.approvals_test

import data.sallyport.main

# A question says where it differs from the common one; one of the list as a whole has no request.
_question(one) := object.remove(object.union(data.approvals.base, one.question), ["request"]) if {
	one.whole
} else := object.union(data.approvals.base, one.question)

test_there_are_questions if count(data.approvals.questions) > 20

test_every_question_is_answered_as_it_says if {
	wrong := [one.name |
		some one in data.approvals.questions
		answer := main.approval with input as _question(one)
		answer.allow != one.allow
	]
	print(wrong)
	count(wrong) == 0
}

test_every_question_has_an_answer if {
	every one in data.approvals.questions {
		answer := main.approval with input as _question(one)
		is_string(answer.reason)
	}
}

_reason(change) := answer.reason if {
	answer := main.approval with input as object.union(data.approvals.base, change)
}

test_a_refusal_says_why if {
	_reason({"approver": {"kind": "agent"}}) == "only people settle requests"
	_reason({"request": {"approvers": ["dba", "owners"]}}) == "this waits for dba, owners"
	_reason({"request": {"requester": {"subject": "grace"}}}) == "nobody settles what they asked for themselves"
	_reason({"verb": "operate"}) == "you are in no group that operates policies"
}

test_who_settles_does_so_as_a_member_of_all_their_groups if {
	change := {"approver": {"groups": ["b", "x", "a"]}, "request": {"approvers": ["a", "b"]}}
	_reason(change) == "a member of a, b"
}

_the_list(groups) := object.remove(
	object.union(data.approvals.base, {"verb": "list", "approver": {"groups": groups}}),
	["request"],
)

test_the_list_is_for_both_who_is_asked_and_who_is_named_for_it if {
	every group in ["team", "asked"] {
		answer := main.approval with input as _the_list([group])
			with data.teams.approvers as ["team"]
			with data.approvals.terms.approvers as ["asked"]
		answer.allow
	}
	other := main.approval with input as _the_list(["approvers"])
		with data.teams.approvers as ["team"]
		with data.approvals.terms.approvers as ["asked"]
	not other.allow
}
