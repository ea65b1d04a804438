# A freeze over the holidays. Between two dates production is changed only with a second person.
package sallyport.policies

import data.sallyport.facts

_idle := {"read", "explain", "set", "transaction"}

# METADATA
# title: Production changes during a freeze
# custom:
#   id: freeze/changes
#   severity: medium
hold.any contains {
	"id": "freeze/changes",
	"message": concat("", ["production is frozen until ", freeze.until]),
	"hint": "wait until then, or for a member of approvers",
	"approval": data.approvals.terms,
} if {
	facts.production
	some freeze in data.freezes.list
	input.time.utc >= freeze.from
	input.time.utc < freeze.until
	some effect in input.command.effects
	not effect.op in _idle
}
