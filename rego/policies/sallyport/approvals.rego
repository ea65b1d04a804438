# METADATA
# title: Who may settle a request
# description: >-
#   A person of one of the groups that the request waits for, who neither asked nor stands behind the
#   program that asked.
# schemas:
#   - input: schema.approval
package sallyport.approvals

# METADATA
# title: The answer
answer := {"allow": false, "reason": "only people settle requests"} if {
	not _person
} else := {"allow": true, "reason": "may look at what waits"} if {
	input.verb == "list"
	not input.request
	_of_a_team
} else := {"allow": true, "reason": "operates policies"} if {
	input.verb == "operate"
	not input.request
	_operator
} else := {"allow": false, "reason": "you are in no group that operates policies"} if {
	input.verb == "operate"
} else := {"allow": false, "reason": "you are in no group that settles requests"} if {
	not input.request
} else := {"allow": false, "reason": "nobody settles what they asked for themselves"} if {
	input.verb != "list"
	_own
} else := {"allow": true, "reason": concat("", ["a member of ", concat(", ", sort(_groups))])} if {
	input.verb in {"list", "approve", "deny"}
	count(_groups) > 0
} else := {"allow": false, "reason": concat("", ["this waits for ", concat(", ", input.request.approvers)])}

_person if {
	input.approver.kind == "human"
	count(input.approver.actor) == 0
}

_of_a_team if {
	some group in input.approver.groups
	group in data.teams.approvers
}

_of_a_team if {
	some group in input.approver.groups
	group in data.approvals.terms.approvers
}

_operator if {
	some group in input.approver.groups
	group in data.teams.policy_operators
}

_groups contains group if {
	some group in input.approver.groups
	group in input.request.approvers
}

_own if {
	input.approver.subject == input.request.requester.subject
	input.approver.issuer == input.request.requester.issuer
}

# An actor without an issuer is one of the requester's own.
_own if {
	some actor in input.request.requester.actor
	actor.subject == input.approver.subject
	object.get(actor, "issuer", input.request.requester.issuer) == input.approver.issuer
}
