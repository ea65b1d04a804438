# Personal data. It leaves masked, in whatever form, and is not put where it would lose its label.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Labelled columns and everything that looks like personal data are masked
# description: On every way out, errors and notices included, whatever the command is.
# custom:
#   id: protected/personal-data
#   severity: high
mask contains object.union_n([method, {"match": concat(":", ["label", label])}, _mask_except(label)]) if {
	input.stage == "command"
	not facts.clear_reader
	some label, method in _mask_methods
}

# METADATA
# title: What looks like personal data is masked wherever it is found
# custom:
#   id: protected/personal-data
#   severity: high
mask contains {"match": match, "method": "redact"} if {
	input.stage == "command"
	not facts.clear_reader
	some match in ["pattern:ssn", "pattern:card", "pattern:email"]
}

_mask_methods := object.union({"pii": _mask_default}, _mask_of_caller)

default _mask_default := {"method": "redact"}

_mask_default := data.masks["default"]

_mask_of_caller[label] := entries[0].mask if {
	some label in {entry.label | some entry in data.masks.by_label}
	entries := [entry |
		some entry in data.masks.by_label
		entry.label == label
		_mask_speaks(entry)
	]
}

_mask_speaks(entry) if {
	every about, values in object.get(entry, "for", {}) {
		some value in values
		value in _mask_caller[about]
	}
}

_mask_caller := {
	"groups": input.identity.groups,
	"kinds": [facts.kind],
	"targets": [input.target.name],
	"environments": [object.get(input.target.labels, "env", "")],
	"purposes": [input.session.purpose],
}

# Labels below it that have masks of their own.
_mask_except(label) := {"except": sort(below)} if {
	below := {other |
		some other, _ in _mask_methods
		startswith(other, concat("", [label, "."]))
	}
	count(below) > 0
} else := {}

# METADATA
# title: Why there are masks
# custom:
#   id: protected/personal-data
#   severity: high
mask_rule contains {
	"id": "protected/personal-data",
	"message": "personal data is masked",
	"hint": "members of pii-readers see it in the clear",
} if {
	not facts.clear_reader
}

# METADATA
# title: Free text is masked whole where its patterns would not be found
# description: >-
#   Personal data inside of free text is found by its pattern, which a part does not have, and what is made
#   of a query keeps no label.
# custom:
#   id: protected/free-text-in-parts
#   severity: medium
mask contains {"match": "label:free_text", "method": "redact"} if {
	_hides_free_text
}

# METADATA
# title: Why free text is masked
# custom:
#   id: protected/free-text-in-parts
#   severity: medium
mask_rule contains {
	"id": "protected/free-text-in-parts",
	"message": "free text is masked whole: a part or a copy of it may hide what it holds",
	"hint": "select the column whole; only what looks like personal data is masked in it",
} if {
	_hides_free_text
}

_hides_free_text if {
	not facts.clear_reader
	some flow in input.command.flows
	"free_text" in flow.labels
	_loses_patterns(flow)
}

_loses_patterns(flow) if {
	flow.to in {"output", "copy"}
	some step in flow.through
	not step in _whole
}

_loses_patterns(flow) if _masked_in_what_is_made(flow)

# METADATA
# title: Personal data written where it would lose its label
# description: >-
#   Free text as well, whose parts would be free text no longer. What is made of a query, and what is added to a
#   temporary table, gets masked values.
# custom:
#   id: protected/stored-elsewhere
#   severity: high
deny.any contains {
	"id": "protected/stored-elsewhere",
	"message": concat("", [flow.from, " would be stored where nothing says what it holds"]),
	"hint": "leave the column out, or have a member of pii-readers do it",
} if {
	not facts.clear_reader
	some flow in input.command.flows
	flow.to in {"write", "notice"}
	_loses_label(flow)
	not _stays(flow)
	not _masked_in_what_is_made(flow)
}

_loses_label(flow) if "free_text" in flow.labels

_loses_label(flow) if _is_personal(flow)

# A label that is masked, or one below it.
_is_personal(flow) if {
	some label in flow.labels
	some masked, _ in _mask_methods
	startswith(concat("", [label, "."]), concat("", [masked, "."]))
}

# A table made of a query holds what the query answers, and that is masked.
_masked_in_what_is_made(flow) if {
	flow.to == "write"
	some made in _writes
	made.op != "call"
	every effect in _writes {
		_takes_masked(effect, flow)
	}
}

_takes_masked(effect, _) if {
	effect.op == "create"
	effect.kind in {"table", "view", "materialized_view"}
}

# Stores nothing.
_takes_masked(effect, _) if {
	effect.op == "call"
	effect.detail in {"immutable", "stable"}
}

# It is gone with the session, and nobody else has seen what masks would replace.
_takes_masked(effect, _) if {
	effect.op == "insert"
	effect.temporary
}

# Where the data says that masked values may stand among others.
_takes_masked(effect, flow) if {
	effect.op == "insert"
	effect.kind == "table"
	not "free_text" in flow.labels
	object.get(data.masks["default"], "stored", false)
}

_writing := {"insert", "update", "copy_in", "create", "alter", "set", "notify", "call"}

# Into the column that it came from, and into no other.
_stays(flow) if {
	count(_writes) > 0
	every effect in _writes {
		effect.op == "update"
		count(effect.columns) > 0
		every column in effect.columns {
			concat(".", [effect.object, column]) == flow.from
		}
	}
}

_writes contains effect if {
	some effect in input.command.effects
	effect.op in _writing
}

# METADATA
# title: Plans made for personal data
# description: The planner's estimates tell how a value compares with those stored.
# custom:
#   id: protected/plan-tells-values
#   severity: medium
deny.explain contains {
	"id": "protected/plan-tells-values",
	"message": concat("", ["a plan that depends on ", flow.from, " tells about its values"]),
	"hint": "explain the statement without conditions on that column",
} if {
	not facts.clear_reader
	some flow in input.command.flows
	_is_personal(flow)
	flow.to in {"predicate", "join", "order", "group"}
}

# What leaves the patterns of a text whole, so that they are still found in it.
_whole := {
	"row", "null_test", "count", "sub_select", "set_operation", "array", "cast:text", "coalesce", "collate",
	"function:to_json", "function:to_jsonb", "function:row_to_json", "function:length",
	"function:lower", "function:upper", "aggregate:json_agg", "aggregate:jsonb_agg", "aggregate:array_agg",
}
