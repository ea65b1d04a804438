# Production changes name a ticket. The purpose that the session states must be a ticket.
package sallyport.policies

import data.sallyport.facts

_looking := {"read", "explain", "set", "transaction"}

# METADATA
# title: Production changes without a ticket
# custom:
#   id: tickets/missing
#   severity: medium
deny.any contains {
	"id": "tickets/missing",
	"message": "production is changed for a ticket only",
	"hint": "state the ticket as the purpose of the session, such as OPS-1234",
} if {
	facts.production
	some effect in input.command.effects
	not effect.op in _looking
	not regex.match(`^[A-Z]{2,8}-[0-9]{1,7}$`, input.session.purpose)
}
