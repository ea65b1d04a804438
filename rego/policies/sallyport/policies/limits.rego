# Limits. How fast, how late, and for whom at all.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Kinds of identity that nobody has thought of
# custom:
#   id: sallyport/unknown-kind
#   severity: critical
deny.any contains {
	"id": "sallyport/unknown-kind",
	"message": "it is not known whether this is a person, an agent or a pipeline",
	"hint": "the identity provider must say the kind",
} if {
	not input.identity.kind in {"human", "agent", "pipeline"}
}

# METADATA
# title: What each kind of identity may do with one command
# description: Rows, bytes and time as `data.limits` has them; what other rules add here is stricter, or nothing.
# custom:
#   id: limits/by-kind
#   severity: low
limit contains data.limits[facts.kind].decision

# METADATA
# title: Too many commands in a minute
# custom:
#   id: limits/too-fast
#   severity: medium
deny.any contains {
	"id": "limits/too-fast",
	"message": "too many commands within a minute",
	"hint": "wait a minute, and ask for more with each command",
} if {
	input.session.counters.commands_last_minute >= data.limits[facts.kind].commands_last_minute
}

# METADATA
# title: Changes of production outside the hours for them
# custom:
#   id: limits/production-hours
#   severity: medium
hold.any contains {
	"id": "limits/production-hours",
	"message": "production is not changed at this hour without a second person",
	"hint": "wait for the hours for changes, or for a member of approvers",
	"approval": data.approvals.terms,
} if {
	data.hours.enabled
	facts.production
	_late
	some effect in input.command.effects
	not effect.op in {"read", "explain", "transaction", "set", "copy_out"}
}

_late if not input.time.weekday in data.hours.weekdays

_late if input.time.hour < data.hours.from

_late if input.time.hour >= data.hours.to
