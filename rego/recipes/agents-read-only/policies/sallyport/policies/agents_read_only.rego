# Agents only read. Whatever an agent is asked, it changes nothing.
package sallyport.policies

import data.sallyport.facts

_reading := {"read", "explain", "set", "transaction", "copy_out"}

# METADATA
# title: Agents only read
# custom:
#   id: agents/writes
#   severity: high
deny.any contains {
	"id": "agents/writes",
	"message": concat("", ["agents only read, and this is ", effect.op]),
	"hint": "have a person do it",
} if {
	facts.kind == "agent"
	some effect in input.command.effects
	not effect.op in _reading
}
