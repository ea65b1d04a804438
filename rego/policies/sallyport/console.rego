# METADATA
# title: Who sees what in the console
# description: >-
#   Everybody sees and ends what is their own. Others' sessions are for who reviews, audits or operates; what
#   those sessions saw is for auditors and operators alone. Answers name the verb that they are for, so that
#   a gateway can tell them from those of policies that do not know the console.
# schemas:
#   - input: schema.approval
package sallyport.console

# METADATA
# title: What is asked about here
verbs := {
	"see_session",
	"watch_session",
	"end_session",
	"search",
	"see_policies",
	"see_targets",
	"see_health",
	"try",
	"see_holds",
	"set_hold",
	"lift_hold",
	"delete_recording",
}

# METADATA
# title: The answer
answer := {"allow": true, "reason": "this is your own", "verb": input.verb} if {
	_own
} else := {"allow": true, "reason": concat(" ", ["for", _why]), "verb": input.verb} if {
	_person
	_allowed
} else := {"allow": true, "reason": "for everybody who is signed in", "verb": input.verb} if {
	input.verb == "see_targets"
} else := {"allow": false, "reason": "only people see what others do", "verb": input.verb} if {
	not _person
} else := {
	"allow": false,
	"reason": concat("", ["this is for ", concat(", ", sort(_asked))]),
	"verb": input.verb,
}

# METADATA
# title: How fresh a sign-in must be
# description: Asked for approvals, where data.approvals.step_up says so.
step_up := {"max_age_ms": data.approvals.step_up.max_age_ms} if {
	input.verb == "approve"
	data.approvals.step_up.max_age_ms > 0
	not _fresh
}

_fresh if input.authenticated_ms_ago <= data.approvals.step_up.max_age_ms

_person if {
	input.approver.kind == "human"
	count(input.approver.actor) == 0
}

# Names of lists in data.teams.
_roles := {
	"see_session": {"approvers", "auditors", "operators"},
	"watch_session": {"auditors", "operators"},
	"end_session": {"operators"},
	"search": {"auditors"},
	"see_policies": {"approvers", "auditors", "operators", "policy_operators"},
	"see_health": {"approvers", "auditors", "operators", "policy_operators"},
	"try": {"auditors", "policy_operators"},
	# Beside `recordings.keepers` of the configuration: both must agree.
	"see_holds": {"auditors", "keepers"},
	"set_hold": {"auditors", "keepers"},
	"lift_hold": {"auditors", "keepers"},
	"delete_recording": {"auditors", "keepers"},
}

_asked contains group if {
	some role in _roles[input.verb]
	some group in data.teams[role]
}

_why := concat(", ", sort(_shared))

_shared := {group | some group in input.approver.groups; group in _asked}

_allowed if count(_shared) > 0

# Also of the program that acts for this person, since both have one subject.
_own if {
	input.verb in {"see_session", "watch_session", "end_session"}
	_same(input.session.identity)
}

_own if {
	input.verb == "try"
	_same(input.as)
}

_same(one) if {
	input.approver.subject == one.subject
	input.approver.issuer == one.issuer
}
