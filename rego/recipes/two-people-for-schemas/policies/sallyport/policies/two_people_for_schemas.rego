# Two people for what cannot come back. DROP of a schema or database waits for two members of dba, beside whom every DROP
# waits for.
package sallyport.policies

# METADATA
# title: DROP of a schema or database
# custom:
#   id: destructive/drop-of-many
#   severity: critical
hold.drop contains {
	"id": "destructive/drop-of-many",
	"message": concat("", ["DROP of ", effect.kind, " ", effect.object, " takes everything in it"]),
	"hint": "it runs once two members of dba have agreed as well",
	"approval": {
		"approvers": ["dba"],
		"quorum": 2,
		"expires_ms": 1800000,
		"reason_required": true,
		"scope": "command",
	},
} if {
	some effect in input.command.effects
	effect.op == "drop"
	effect.kind in {"schema", "database"}
}
