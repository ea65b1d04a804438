# One of dba and one of security. The shape of a table of people changes only once both have agreed; managers
# may settle it as well where nobody has for ten minutes.
package sallyport.policies

_both := {
	"groups": [{"any_of": ["dba"], "count": 1}, {"any_of": ["security"], "count": 1}],
	"expires_ms": 3600000,
	"reason_required": true,
	"scope": "command",
	"escalate": {"after_ms": 600000, "to": ["managers"]},
}

_tables_of_people := {"public.customers"}

# METADATA
# title: Changing the shape of a table of people
# custom:
#   id: people/table-altered
#   severity: critical
hold.alter contains {
	"id": "people/table-altered",
	"message": concat("", ["ALTER of ", effect.object, ", which holds people"]),
	"hint": "it runs once one of dba and one of security have agreed",
	"approval": _both,
} if {
	some effect in input.command.effects
	effect.op == "alter"
	effect.object in _tables_of_people
}
