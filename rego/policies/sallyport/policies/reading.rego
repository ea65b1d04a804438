# Reading. What may be looked at, and what of the server's own may not.
package sallyport.policies

_readable := {
	"table", "view", "materialized_view", "foreign_table", "system_table", "sequence", "index", "setting",
	"type", "function",
}

# METADATA
# title: Everybody reads relations and settings
# custom:
#   id: reading/relations
#   severity: low
allow.read contains at if {
	some at, effect in input.command.effects
	effect.op == "read"
	effect.kind in _readable
}

# METADATA
# title: Everybody asks for plans
# custom:
#   id: reading/plans
#   severity: low
allow.explain contains at if {
	some at, effect in input.command.effects
	effect.op == "explain"
}

# METADATA
# title: Everybody copies out what they may read
# custom:
#   id: reading/copies
#   severity: low
allow.copy_out contains at if {
	some at, effect in input.command.effects
	effect.op == "copy_out"
	effect.kind in {"table", "view", "materialized_view", "foreign_table", "statement"}
}

# METADATA
# title: Statistics about columns are masked
# description: They are made of values. What they are about, and how many values are NULL, is shown.
# custom:
#   id: protected/statistics
#   severity: medium
mask contains {"match": "label:system:statistics", "method": "null"} if {
	_reads_statistics
}

# METADATA
# title: Why statistics are masked
# custom:
#   id: protected/statistics
#   severity: medium
mask_rule contains {
	"id": "protected/statistics",
	"message": "statistics about columns are made of their values and are left empty",
	"hint": "ask the table itself",
} if {
	_reads_statistics
}

_reads_statistics if {
	some effect in input.command.effects
	_is_statistics(effect)
}

_is_statistics(effect) if {
	effect.op == "read"
	effect.kind != "function"
	"system:statistics" in effect.labels
}

# METADATA
# title: The system's secrets, statistics and activity
# description: >-
#   They hold credentials, or copies of what users' columns and statements hold. Relations of statistics are
#   masked instead.
# custom:
#   id: protected/system-data
#   severity: high
deny.any contains {
	"id": "protected/system-data",
	"message": concat("", [effect.object, " holds what the server keeps to itself (", label, ")"]),
	"hint": "read the table itself; names and types are in information_schema.columns",
} if {
	some effect in input.command.effects
	some label in effect.labels
	startswith(label, "system:")
	not _is_masked(effect, label)
}

_is_masked(effect, "system:statistics") if _is_statistics(effect)

# METADATA
# title: Large objects
# custom:
#   id: capabilities/large-object
#   severity: medium
deny.any contains {
	"id": "capabilities/large-object",
	"message": "large objects have no columns, so nothing in them can be masked",
	"hint": "use a column of type bytea",
} if {
	some effect in input.command.effects
	effect.kind == "large_object"
}
