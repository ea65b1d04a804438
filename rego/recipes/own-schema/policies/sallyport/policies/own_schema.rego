# Everybody in their own schema. The claim `tenant` names the only schema that a program may touch.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Objects of another tenant
# custom:
#   id: tenants/foreign
#   severity: critical
deny.any contains {
	"id": "tenants/foreign",
	"message": concat("", [effect.object, " belongs to another tenant"]),
	"hint": "use the objects of your own schema",
} if {
	facts.machine
	some effect in input.command.effects
	effect.kind in {"table", "view", "sequence", "function", "foreign_table", "materialized_view"}
	not startswith(effect.object, "pg_catalog.")
	not _own_schema(effect)
}

_own_schema(effect) if startswith(effect.object, concat("", [input.identity.claims.tenant, "."]))
