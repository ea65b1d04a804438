# Calls. Functions that only compute are for everybody; what a function does beyond that must be known.
package sallyport.policies

import data.sallyport.facts

_plain_calls := {"immutable", "stable", "sequence", "prepared", "fetch", "move"}

_risky_calls := {"volatile", "opaque", "security_definer", "trigger"}

# METADATA
# title: Everybody calls what changes nothing
# custom:
#   id: calls/plain
#   severity: low
allow.call contains at if {
	some at, effect in input.command.effects
	effect.op == "call"
	effect.detail in _plain_calls
}

# METADATA
# title: People call functions whose effects are not known
# custom:
#   id: calls/by-people
#   severity: medium
allow.call contains at if {
	facts.human
	some at, effect in input.command.effects
	effect.op == "call"
	effect.detail in _risky_calls
}

# METADATA
# title: Functions that may do anything, called by programs
# custom:
#   id: calls/unknown-by-program
#   severity: high
deny.call contains {
	"id": "calls/unknown-by-program",
	"message": concat("", [effect.object, " may do more than compute (", _word(effect), ")"]),
	"hint": "send the statements themselves, or have the function declared STABLE or IMMUTABLE in SQL",
} if {
	facts.machine
	some effect in input.command.effects
	effect.op == "call"
	not _word(effect) in _plain_calls
}

# METADATA
# title: Functions that may do anything, on production
# custom:
#   id: calls/unknown-on-production
#   severity: high
hold.call contains {
	"id": "calls/unknown-on-production",
	"message": concat("", [effect.object, " may do more than compute (", _word(effect), ")"]),
	"hint": "it runs once a member of approvers has agreed",
	"approval": data.approvals.terms,
} if {
	facts.production
	some effect in input.command.effects
	effect.op == "call"
	not _word(effect) in _plain_calls
}

_word(effect) := object.get(effect, "detail", "unknown")
