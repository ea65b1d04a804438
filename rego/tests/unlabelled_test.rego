# METADATA
# title: Columns that nobody has labelled
package sallyport.tests.unlabelled_test

import data.sallyport.main

_flow := {"from": "public.orders.status", "labels": ["unlabelled"], "to": "output", "through": []}

_reading := {"op": "read", "object": "public.orders", "kind": "table"}

_decision(identity, effects, flows) := decision if {
	facts := object.union(data.base, {"identity": identity, "command": {"effects": effects, "flows": flows}})
	decision := main.decision with input as facts
}

_agent := {"kind": "agent", "groups": ["agents"], "actor": []}

_reader := {"kind": "human", "groups": ["pii-readers"], "actor": []}

_ids(decision) := {rule.id | some rule in decision.rules}

_mask := {"match": "label:unlabelled", "method": "redact"}

test_what_nobody_has_labelled_is_masked if {
	decision := _decision(_agent, [_reading], [_flow])
	decision.action == "mask-fields"
	_mask in decision.masks
	"protected/unlabelled" in _ids(decision)
}

test_a_column_that_is_written_or_counted_counts if {
	effect := object.union(_reading, {"labels": ["unlabelled"]})
	_mask in _decision(_agent, [effect], []).masks
}

test_other_labels_are_labels if {
	labelled := object.union(_flow, {"labels": ["public"]})
	effect := object.union(_reading, {"labels": ["public"]})
	decision := _decision(_agent, [effect], [labelled])
	not _mask in decision.masks
	not "protected/unlabelled" in _ids(decision)
}

test_who_sees_personal_data_sees_them if {
	effect := object.union(_reading, {"labels": ["unlabelled"]})
	_decision(_reader, [effect], [_flow]).action == "allow"
	_decision(_reader, [effect], [_flow]).masks == []
}
