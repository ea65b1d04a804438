# Tables that no program sees. Some tables are for people, whatever a program is asked.
package sallyport.policies

import data.sallyport.facts

_people_only := {"public.employees"}

# METADATA
# title: Tables for people
# custom:
#   id: programs/forbidden-table
#   severity: high
deny.any contains {
	"id": "programs/forbidden-table",
	"message": concat("", [effect.object, " is not for programs"]),
	"hint": "leave it out",
} if {
	facts.machine
	some effect in input.command.effects
	effect.object in _people_only
}
