# Row filters. Of a relation that `data.filters` names an identity sees, and changes, only rows that satisfy its
# conditions; the target is sent a command that says so, or none.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Which rows of a relation are seen
# description: >-
#   `data.filters.relations` names relation, conditions, and whom they concern. Where a condition wants a claim that
#   the token does not have, no row satisfies it.
# custom:
#   id: rows/filtered
#   severity: high
filter contains {"relation": one.relation, "rows": [_row_clause(clause) | some clause in one.rows]} if {
	input.stage == "command"
	some one in _row_filters
}

# METADATA
# title: Why not all rows are seen
# custom:
#   id: rows/filtered
#   severity: high
mask_rule contains {
	"id": "rows/filtered",
	"message": concat("", ["only some rows of ", concat(", ", sort(_row_relations)), " are seen"]),
	"hint": "name these tables in one plain query; other rows are as if they were not there",
} if {
	count(_row_relations) > 0
}

_row_relations contains one.relation if some one in _row_filters

_row_filters contains one if {
	some one in data.filters.relations
	_row_kind(object.get(one, "kinds", []))
	_row_group(object.get(one, "groups", []))
	count(_row_excepted(one)) == 0
	_row_place(object.get(one, "targets", []), input.target.name)
	_row_place(object.get(one, "databases", []), input.target.database)
}

# A program that acts for a person is an agent.
_row_kind(kinds) if count(kinds) == 0

_row_kind(kinds) if facts.kind in kinds

_row_group(groups) if count(groups) == 0

_row_group(groups) if {
	some group in input.identity.groups
	group in groups
}

# Exceptions are for people: a program has the groups of whom it acts for.
_row_excepted(one) := {group |
	facts.human
	some group in input.identity.groups
	group in object.get(one, "except_groups", [])
}

_row_place(names, _) if count(names) == 0

_row_place(names, name) if name in names

_row_clause(clause) := {"any": [_row_part(part) | some part in clause.any]} if {
	clause.any
} else := {"any": [_row_part(clause)]} if {
	clause.claim
} else := clause

_row_part(part) := {"all": [known | some one in part.all; some known in _row_known(one)]} if {
	part.all
} else := {"all": _row_known(part)}

# What no row satisfies stands for a claim that is not there.
_row_known(one) := [one] if {
	not one.claim
} else := [{"column": one.column, "op": one.op, "value": value}] if {
	value := input.identity.claims[one.claim]
} else := [
	{"column": one.column, "op": "is_null"},
	{"column": one.column, "op": "is_not_null"},
]
