# METADATA
# title: Masks written back
package sallyport.tests.written_back_test

import data.sallyport.main

_agent := {"kind": "agent", "groups": ["agents"], "actor": []}

_reader := {"kind": "human", "groups": ["pii-readers"], "actor": []}

_updating := {"op": "update", "object": "public.customers", "kind": "table", "columns": ["ssn"], "where": "key"}

_written(labels) := {"column": "public.customers.ssn", "labels": labels, "shape": "asterisks"}

_rules(identity, written) := {rule.id | some rule in decision.rules} if {
	command := {"effects": [_updating], "flows": [], "written_masks": written}
	decision := main.decision with input as object.union(data.base, {"identity": identity, "command": command})
}

_refused(identity, labels) if "protected/mask-written-back" in _rules(identity, [_written(labels)])

test_an_agent_writes_no_mask_back if {
	every labels in [["pii"], ["pii.ssn"], ["free_text"], ["unlabelled"], ["public", "pii.ssn"]] {
		_refused(_agent, labels)
	}
}

test_what_is_not_masked_is_written if {
	not _refused(_agent, ["public"])
	not _refused(_agent, ["piiish"])
	not "protected/mask-written-back" in _rules(_agent, [])
}

test_who_sees_the_values_may_write_asterisks if {
	not _refused(_reader, ["pii"])
	not _refused(_reader, ["free_text"])
}

test_secrets_are_shown_to_nobody if {
	_refused(_reader, ["secret"])
	_refused(_reader, ["secret.key"])
}

test_what_has_a_mask_of_its_own_counts if {
	entry := {"label": "pci", "mask": {"method": "token"}}
	_refused(_agent, ["pci.card"]) with data.masks.by_label as [entry]
	not _refused(_agent, ["pci.card"])
}

test_data_may_allow_it if {
	not _refused(_agent, ["pii.ssn"]) with data.masks.written_back as ["pii"]
	not _refused(_agent, ["pii"]) with data.masks.written_back as ["pii"]
	_refused(_agent, ["pii"]) with data.masks.written_back as ["pii.ssn"]
	_refused(_agent, ["pii"]) with data.masks.written_back as ["secret"]
}
