# Access for a time. A target labelled `access: jit` opens for half an hour at a time, once somebody else has
# agreed; in an emergency two of those on call break the glass, and everybody hears of it.
package sallyport.policies

import data.sallyport.facts

_in_time if input.target.labels.access == "jit"

# METADATA
# title: Access to a target for a time
# custom:
#   id: access/just-in-time
#   severity: medium
hold.any contains {
	"id": "access/just-in-time",
	"message": concat("", ["access to ", input.target.name, " is given for a time"]),
	"hint": concat("", ["ask ahead: sallyport approvals request ", input.target.name, " --for 30m --reason …"]),
	"approval": data.approvals.access,
} if {
	_in_time
}

# METADATA
# title: Access in an emergency, by people alone
# custom:
#   id: access/break-glass
#   severity: critical
break_glass contains {
	"id": "access/break-glass",
	"message": concat("", ["the glass of ", input.target.name, " is broken"]),
	"approval": data.approvals.break_glass,
} if {
	facts.human
	_in_time
}
