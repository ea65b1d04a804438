# Destruction. What cannot be taken back waits for a second person on production; programs wait everywhere.
package sallyport.policies

import data.sallyport.facts

_relations := {"table", "view", "materialized_view", "foreign_table", "sequence", "index", "type", "schema"}

_droppable := _relations | {"trigger", "rule", "policy", "function", "database"}

_wide := {"absent", "trivial", "range", "cursor"}

# Whoever agrees to destruction is told how many rows it takes.
_held(id, message, hint) := {
	"id": id,
	"message": message,
	"hint": hint,
	"approval": object.union(data.approvals.terms, data.approvals.destructive),
}

# METADATA
# title: DROP of what holds data
# custom:
#   id: destructive/relations-dropped
#   severity: low
allow.drop contains at if {
	some at, effect in input.command.effects
	effect.op == "drop"
	effect.kind in _droppable
}

# METADATA
# title: TRUNCATE
# custom:
#   id: destructive/tables-truncated
#   severity: low
allow.truncate contains at if {
	some at, effect in input.command.effects
	effect.op == "truncate"
}

# METADATA
# title: ALTER of what holds data
# custom:
#   id: destructive/relations-altered
#   severity: low
allow.alter contains at if {
	some at, effect in input.command.effects
	effect.op == "alter"
	effect.kind in _relations
}

# METADATA
# title: ALTER of code that the server keeps, by people
# custom:
#   id: destructive/code-altered
#   severity: low
allow.alter contains at if {
	facts.human
	some at, effect in input.command.effects
	effect.op == "alter"
	effect.kind in {"function", "trigger", "rule", "policy"}
}

# METADATA
# title: DROP
# custom:
#   id: destructive/drop
#   severity: critical
hold.drop contains _held(
	"destructive/drop",
	concat("", ["DROP of ", effect.kind, " ", effect.object]),
	"it runs once a member of approvers has agreed",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "drop"
	not effect.temporary
}

# METADATA
# title: TRUNCATE
# custom:
#   id: destructive/truncate
#   severity: critical
hold.truncate contains _held(
	"destructive/truncate",
	concat("", ["TRUNCATE empties ", effect.object]),
	"name the rows in a DELETE with WHERE id = …, or wait for a member of approvers",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "truncate"
	not effect.temporary
}

# METADATA
# title: DELETE that does not say which rows
# custom:
#   id: destructive/wide-delete
#   severity: critical
hold.delete contains _held(
	"destructive/wide-delete",
	concat("", ["DELETE from ", effect.object, " does not name its rows (WHERE is ", effect.where, ")"]),
	"add a WHERE that names the rows, such as WHERE id = …, or wait for a member of approvers",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "delete"
	effect.where in _wide
	not effect.temporary
}

# METADATA
# title: DELETE whose condition is not known
# custom:
#   id: destructive/unknown-delete
#   severity: critical
hold.delete contains _held(
	"destructive/unknown-delete",
	concat("", ["it is not known which rows a DELETE from ", effect.object, " takes"]),
	"add a WHERE that names the rows, such as WHERE id = …, or wait for a member of approvers",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "delete"
	not effect.where
	not effect.temporary
}

# METADATA
# title: ALTER of an existing object
# custom:
#   id: destructive/alter
#   severity: high
hold.alter contains _held(
	"destructive/alter",
	concat("", ["ALTER changes ", effect.kind, " ", effect.object]),
	"it runs once a member of approvers has agreed",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "alter"
	not effect.temporary
}

# METADATA
# title: CREATE OR REPLACE
# custom:
#   id: destructive/replace
#   severity: medium
hold.create contains _held(
	"destructive/replace",
	concat("", ["CREATE OR REPLACE takes the place of ", effect.kind, " ", effect.object]),
	"create it under another name, or wait for a member of approvers",
) if {
	facts.careful
	some effect in input.command.effects
	effect.op == "create"
	effect.detail == "replace"
	not effect.temporary
}

# METADATA
# title: UPDATE that changes every row
# custom:
#   id: destructive/update-without-where
#   severity: critical
deny.update contains {
	"id": "destructive/update-without-where",
	"message": concat("", ["UPDATE of ", effect.object, " changes every row"]),
	"hint": "add a WHERE that names the rows, such as WHERE id = …",
} if {
	facts.careful
	some effect in input.command.effects
	effect.op == "update"
	effect.where in {"absent", "trivial"}
	not effect.temporary
}

# METADATA
# title: UPDATE whose condition is not known
# custom:
#   id: destructive/update-without-where
#   severity: critical
deny.update contains {
	"id": "destructive/update-without-where",
	"message": concat("", ["it is not known which rows an UPDATE of ", effect.object, " changes"]),
	"hint": "add a WHERE that names the rows, such as WHERE id = …",
} if {
	facts.careful
	some effect in input.command.effects
	effect.op == "update"
	effect.kind != "large_object"
	not effect.where
	not effect.temporary
}
