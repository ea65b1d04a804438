# METADATA
# title: Personal data and free text, step by step
# description: Words that the rules list, one at a time; the cases hold whole commands.
package sallyport.tests.personal_data_test

import data.sallyport.main

_reading := {"op": "read", "object": "public.customers", "kind": "table"}

_notes := {"from": "public.customers.notes", "labels": ["free_text"], "to": "output", "through": []}

_ssn := {"from": "public.customers.ssn", "labels": ["pii", "pii.ssn"], "to": "output", "through": []}

_ids(effects, flows) := ids if {
	facts := object.union(data.base, {"command": {"effects": effects, "flows": flows}})
	decision := main.decision with input as facts
	ids := {rule.id | some rule in decision.rules}
}

_through(steps) := _ids([_reading], [object.union(_notes, {"through": steps})])

test_these_steps_leave_free_text_whole if {
	every step in [
		"row", "null_test", "count", "sub_select", "set_operation", "array", "cast:text", "coalesce", "collate",
		"function:to_json", "function:to_jsonb", "function:row_to_json", "function:length", "function:lower",
		"function:upper", "aggregate:json_agg", "aggregate:jsonb_agg", "aggregate:array_agg",
	] {
		_through([step]) == {"protected/personal-data"}
	}
}

test_one_other_step_among_them_is_enough if {
	every steps in [["function:left"], ["cast:text", "operator:||"], ["function:substr", "row"]] {
		_through(steps) == {"protected/personal-data", "protected/free-text-in-parts"}
	}
}

_to(flow, sinks) := {sink | some sink in sinks; _ids([_reading], [object.union(flow, {"to": sink})]) != _masked}

_masked := {"protected/personal-data"}

_sinks := {
	"output", "predicate", "join", "order", "group", "aggregate", "write", "copy", "argument", "notice",
}

test_parts_of_free_text_are_hidden_or_stop_where_they_would_leave_or_stay if {
	flow := object.union(_notes, {"through": ["function:left"]})
	_to(flow, _sinks) == {"output", "copy", "write", "notice"}
}

test_other_labels_are_no_free_text if {
	flow := object.union(_notes, {"labels": ["confidential"], "through": ["function:left"]})
	_to(flow, _sinks) == set()
}

test_personal_data_stops_where_it_would_stay if {
	_to(_ssn, _sinks) == {"write", "notice"}
}

_explaining := {"op": "explain", "object": "", "kind": "statement", "detail": "plan"}

test_a_plan_stops_where_it_tells_of_values if {
	{sink |
		some sink in _sinks
		"protected/plan-tells-values" in _ids([_explaining], [object.union(_ssn, {"to": sink})])
	} == {"predicate", "join", "order", "group"}
}

test_a_plan_is_shown_to_who_sees_personal_data if {
	facts := object.union(data.base, {
		"identity": {"kind": "human", "groups": ["pii-readers"]},
		"command": {"effects": [_explaining], "flows": [object.union(_ssn, {"to": "predicate"})]},
	})
	decision := main.decision with input as facts
	decision.action == "allow"
}

test_a_plan_for_free_text_is_shown if {
	_ids([_explaining], [object.union(_notes, {"to": "predicate"})]) == _masked
}

_written := object.union(_notes, {"to": "write"})

_updating := {"op": "update", "object": "public.customers", "kind": "table", "where": "key", "columns": ["notes"]}

test_free_text_is_changed_where_it_is if {
	_ids([_reading, _updating], [_written]) == _masked
}

# Whatever else the command does with rows, settings or functions, the text may go there.
test_free_text_goes_nowhere_else_on_the_way if {
	every other in [
		{"op": "insert", "object": "public.customers", "kind": "table", "columns": ["notes"]},
		{"op": "update", "object": "public.orders", "kind": "table", "where": "key", "columns": ["notes"]},
		{"op": "copy_in", "object": "public.orders", "kind": "table", "columns": ["notes"]},
		{"op": "create", "object": "public.orders", "kind": "table", "columns": ["notes"]},
		{"op": "alter", "object": "public.orders", "kind": "table", "columns": ["notes"]},
		{"op": "set", "object": "application_name", "kind": "setting", "detail": "harmless"},
		{"op": "notify", "object": "ch", "kind": "channel"},
		{"op": "call", "object": "f", "kind": "function", "detail": "immutable"},
	] {
		"protected/stored-elsewhere" in _ids([_updating, other], [_written])
	}
}

_making := {"op": "create", "object": "public.copied", "kind": "table"}

_stored := {"from": "public.customers.ssn", "labels": ["pii"], "to": "write", "through": []}

# What is made of a query holds masked values.
test_a_new_table_gets_masked_values if {
	_ids([_reading, _making], [_stored]) == _masked
}

test_what_is_there_already_gets_none if {
	every other in [
		{"op": "insert", "object": "public.orders", "kind": "table", "columns": ["note"]},
		{"op": "create", "object": "public.copied", "kind": "function", "detail": "stable"},
		{"op": "set", "object": "application_name", "kind": "setting", "detail": "harmless"},
	] {
		"protected/stored-elsewhere" in _ids([_making, other], [_stored])
		"protected/stored-elsewhere" in _ids([other], [_stored])
	}
	"protected/stored-elsewhere" in _ids([_reading], [_stored])
	"protected/stored-elsewhere" in _ids([_making], [object.union(_stored, {"to": "notice"})])
}

test_a_new_table_gets_free_text_masked_whole if {
	both := object.union(_stored, {"labels": ["free_text", "pii"]})
	every flow in [_written, both] {
		_ids([_making], [flow]) == {"protected/personal-data", "protected/free-text-in-parts"}
		_ids([_making], [object.union(flow, {"to": "copy"})]) == _masked
	}
}

test_a_temporary_table_takes_masked_values if {
	temporary := {"op": "insert", "object": "pg_temp.kept", "kind": "table", "temporary": true}
	_ids([_reading, temporary], [_stored]) == _masked
	every other in [
		{"op": "insert", "object": "public.orders", "kind": "table"},
		{"op": "update", "object": "pg_temp.kept", "kind": "table", "where": "key", "temporary": true},
	] {
		"protected/stored-elsewhere" in _ids([temporary, other], [_stored])
		"protected/stored-elsewhere" in _ids([other], [_stored])
	}
}

test_masked_values_stand_among_others_where_the_data_says_so if {
	willing := {"default": {"method": "redact", "stored": true}, "by_label": []}
	inserting := {"op": "insert", "object": "public.orders", "kind": "table", "columns": ["note"]}
	_ids([_reading, inserting], [_stored]) == _masked with data.masks as willing
	every refused in [
		{"effect": object.union(inserting, {"kind": "view"}), "flow": _stored},
		{"effect": object.union(inserting, {"op": "update"}), "flow": _stored},
		{"effect": inserting, "flow": _written},
	] {
		"protected/stored-elsewhere" in _ids([refused.effect], [refused.flow]) with data.masks as willing
	}
	facts := object.union(data.base, {"command": {"effects": [_reading]}})
	decision := main.decision with input as facts with data.masks as willing
	{"match": "label:pii", "method": "redact", "stored": true} in decision.masks
}

test_what_only_computes_stores_nothing if {
	calls := [{"op": "call", "object": "f", "kind": "function", "detail": detail} |
		some detail in ["immutable", "stable", "volatile"]
	]
	{call.detail |
		some call in calls
		"protected/stored-elsewhere" in _ids([_making, call], [_stored])
	} == {"volatile"}
	"protected/stored-elsewhere" in _ids([calls[0]], [_stored])
}

test_a_view_holds_masked_values if {
	every kind in ["view", "materialized_view"] {
		stored := {"op": "create", "object": "public.stored", "kind": kind}
		not "protected/stored-elsewhere" in _ids([stored], [_stored])
	}
}

test_free_text_is_masked_by_its_label_where_its_patterns_are_lost if {
	facts := object.union(data.base, {"command": {
		"effects": [_reading],
		"flows": [object.union(_notes, {"through": ["function:left"]})],
	}})
	decision := main.decision with input as facts
	{"match": "label:free_text", "method": "redact"} in decision.masks
	clear := object.union(facts, {"identity": {"kind": "human", "groups": ["pii-readers"]}})
	shown := main.decision with input as clear
	shown.masks == []
}

_statistics := {
	"op": "read", "object": "pg_catalog.pg_stats", "kind": "system_table",
	"labels": ["system:statistics"],
}

test_statistics_are_masked_for_everybody if {
	every groups in [["agents"], ["pii-readers"]] {
		facts := object.union(data.base, {
			"identity": {"kind": "human", "groups": groups},
			"command": {"effects": [_statistics]},
		})
		decision := main.decision with input as facts
		decision.action == "mask-fields"
		{"match": "label:system:statistics", "method": "null"} in decision.masks
		"protected/statistics" in {rule.id | some rule in decision.rules}
	}
}

test_statistics_by_other_ways_are_for_nobody if {
	every other in [
		object.union(_statistics, {"kind": "function", "object": "pg_catalog.pg_mcv_list_items"}),
		object.union(_statistics, {"op": "copy_out"}),
		object.union(_statistics, {"labels": ["system:statistics", "system:pages"]}),
	] {
		"protected/system-data" in _ids([other], [])
	}
}

test_what_writes_nothing_does_not_matter if {
	every other in [
		_explaining,
		{"op": "transaction", "object": "", "kind": "transaction", "detail": "begin"},
		{"op": "lock", "object": "public.customers", "kind": "table"},
	] {
		_ids([_updating, other], [_written]) == _masked
	}
}

test_only_the_update_of_that_column_keeps_it_where_it_is if {
	every columns in [[], ["name"], ["name", "notes"]] {
		updating := object.union(_updating, {"columns": columns})
		_ids([updating], [_written]) == {"protected/stored-elsewhere"}
	}
	_ids([object.union(_updating, {"op": "insert"})], [_written]) == {"protected/stored-elsewhere"}
}

test_masks_name_labels_and_patterns if {
	facts := object.union(data.base, {"command": {"effects": [_reading]}})
	decision := main.decision with input as facts
	{[mask.match, mask.method] | some mask in decision.masks} == {
		["label:pii", "redact"], ["pattern:ssn", "redact"],
		["pattern:card", "redact"], ["pattern:email", "redact"],
	}
}
