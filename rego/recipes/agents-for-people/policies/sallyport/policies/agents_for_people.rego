# Agents act for somebody. An agent without a person behind it does nothing on production.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Agents on their own
# custom:
#   id: agents/nobody-behind
#   severity: high
deny.any contains {
	"id": "agents/nobody-behind",
	"message": "nobody stands behind this agent",
	"hint": "get a token by which the agent acts for a person (token exchange, RFC 8693)",
} if {
	facts.production
	input.identity.kind == "agent"
}
