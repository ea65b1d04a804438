# Production schemas change by pipelines alone. Migrations come from the repository, not from a terminal.
package sallyport.policies

import data.sallyport.facts

_definitions := {"create", "alter", "drop"}

# METADATA
# title: Definitions on production that no pipeline makes
# custom:
#   id: schema/by-hand
#   severity: high
deny.any contains {
	"id": "schema/by-hand",
	"message": concat("", [effect.op, " of ", effect.object, " is for pipelines"]),
	"hint": "put it into a migration",
} if {
	facts.production
	input.identity.kind != "pipeline"
	some effect in input.command.effects
	effect.op in _definitions
	not effect.temporary
}
