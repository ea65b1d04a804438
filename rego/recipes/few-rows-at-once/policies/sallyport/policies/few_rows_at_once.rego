# Programs change few rows at once. A command that turns out to change more is undone by the gateway before
# anything of it is committed, whatever its WHERE seemed to say. What the database does not count (WITH that
# modifies, TRUNCATE, DROP, functions that may change rows) is refused; what triggers and foreign keys change
# beside it is not counted. Approvers may set a smaller number: `sallyport approvals approve ID --rows-max 20`.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: How many rows programs change with one command
# custom:
#   id: rows/few-at-once
#   severity: medium
limit contains {"rows_affected_max": data.rows.program} if {
	facts.machine
}

# METADATA
# title: And while it waits for somebody, how many it would be
# custom:
#   id: rows/many-told
#   severity: medium
hold.update contains {
	"id": "rows/many-told",
	"message": concat("", ["UPDATE of ", effect.object, " may change many rows"]),
	"hint": "name the rows by their key, or wait for a member of approvers",
	"approval": object.union(data.approvals.terms, {"preview": "count"}),
} if {
	facts.machine
	some effect in input.command.effects
	effect.op == "update"
	effect.where == "range"
	effect.kind == "table"
}
