# Agents say how many rows they want. A SELECT without LIMIT on a large table is a mistake that an agent
# makes at night.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Reading tables without a LIMIT, by programs
# custom:
#   id: agents/no-limit
#   severity: medium
deny.read contains {
	"id": "agents/no-limit",
	"message": "this may return any number of rows",
	"hint": "add LIMIT 1000, or less",
} if {
	facts.machine
	input.command.postgres.returns_rows
	input.command.postgres.limited < 0
	some effect in input.command.effects
	effect.op == "read"
	effect.kind == "table"
}
