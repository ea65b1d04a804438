# A table is append-only. Rows are added to a ledger and never changed or removed, by nobody.
package sallyport.policies

_ledgers := {"public.orders"}

_rewriting := {"update", "delete", "truncate"}

# METADATA
# title: A ledger is append-only
# custom:
#   id: ledger/changed
#   severity: high
deny.any contains {
	"id": "ledger/changed",
	"message": concat("", [effect.object, " is append-only"]),
	"hint": "insert a correcting row instead",
} if {
	some effect in input.command.effects
	effect.op in _rewriting
	effect.object in _ledgers
}
