# METADATA
# title: Masks by label and caller
# description: What data.masks says becomes the masks of a decision; where it says nothing, values are redacted.
package sallyport.tests.masks_test

import data.sallyport.main

_reading := {"effects": [{"op": "read", "object": "public.customers", "kind": "table"}], "flows": []}

_facts := object.union(data.base, {"command": _reading})

_email := {"label": "pii.email", "mask": {"method": "partial", "keep": 8}}

_card := {"label": "pci.card", "mask": {"method": "partial", "keep": 4}}

_mailbox := {"label": "pii.email.box", "mask": {"method": "hash"}}

_masks(entries) := _masks_of(entries, {})

_masks_of(entries, other) := masks if {
	decision := main.decision with input as object.union(_facts, other)
		with data.masks as {"default": {"method": "redact"}, "by_label": entries}
	masks := {mask | some mask in decision.masks; not startswith(mask.match, "pattern:")}
}

_redacted := {{"match": "label:pii", "method": "redact"}}

test_nothing_said_is_redacted if {
	_masks([]) == _redacted
	decision := main.decision with input as _facts with data.masks as {}
	{"match": "label:pii", "method": "redact"} in decision.masks
	{mask.match | some mask in decision.masks} == {"label:pii", "pattern:ssn", "pattern:card", "pattern:email"}
}

test_the_default_is_what_the_data_says if {
	decision := main.decision with input as _facts
		with data.masks as {"default": {"method": "null"}, "by_label": []}
	{"match": "label:pii", "method": "null"} in decision.masks
}

test_a_label_below_has_a_mask_of_its_own if {
	_masks([_email]) == {
		{"match": "label:pii", "method": "redact", "except": ["pii.email"]},
		{"match": "label:pii.email", "method": "partial", "keep": 8},
	}
}

test_labels_beside_and_deeper_are_each_excepted_above if {
	_masks([_email, _card, _mailbox]) == {
		{"match": "label:pii", "method": "redact", "except": ["pii.email", "pii.email.box"]},
		{"match": "label:pii.email", "method": "partial", "keep": 8, "except": ["pii.email.box"]},
		{"match": "label:pii.email.box", "method": "hash"},
		{"match": "label:pci.card", "method": "partial", "keep": 4},
	}
}

test_a_name_that_begins_alike_is_not_below if {
	_masks([{"label": "piisum", "mask": {"method": "null"}}]) == _redacted | {{"match": "label:piisum", "method": "null"}}
}

test_the_first_entry_that_speaks_of_the_caller_counts if {
	second := {"label": "pii", "mask": {"method": "hash"}}
	other := object.union(second, {"mask": {"method": "token"}, "for": {"groups": ["nobody"]}})
	_masks([other, second, {"label": "pii", "mask": {"method": "null"}}]) == {{"match": "label:pii", "method": "hash"}}
}

_open := {"method": "redact", "tier": "output"}

_caller := {
	"identity": object.union(data.base.identity, {"groups": ["desk", "other"]}),
	"target": object.union(data.base.target, {"name": "shop", "labels": {"env": "prod"}}),
	"session": object.union(data.base.session, {"purpose": "T-1"}),
}

_speaks(about) if {
	entry := {"label": "pii", "mask": _open, "for": about}
	_masks_of([entry], _caller) == {object.union({"match": "label:pii"}, _open)}
}

test_an_entry_speaks_of_whom_it_names if {
	every about in [
		{}, {"groups": ["desk"]}, {"groups": ["x", "other"]}, {"kinds": [_kind]}, {"targets": ["shop"]},
		{"environments": ["prod"]}, {"purposes": ["T-1"]}, {"groups": ["desk"], "purposes": ["T-2", "T-1"]},
	] {
		_speaks(about)
	}
}

_kind := "agent"

test_all_that_it_names_must_fit if {
	every about in [
		{"groups": ["desks"]}, {"groups": []}, {"kinds": ["pipeline"]}, {"targets": ["shops"]},
		{"environments": ["test"]}, {"purposes": ["T-2"]}, {"groups": ["desk"], "purposes": ["T-2"]},
		{"people": ["desk"]},
	] {
		not _speaks(about)
	}
}

test_a_target_without_environment_is_in_none if {
	entry := {"label": "pii", "mask": _open, "for": {"environments": ["prod"]}}
	nowhere := object.union(_caller, {"target": {"labels": {}}})
	without := object.union(object.remove(_facts, ["target"]), {"target": {"name": "shop", "kind": "postgres", "labels": {}, "database": "shop"}})
	decision := main.decision with input as object.union(without, object.remove(nowhere, ["target"]))
		with data.masks as {"default": {"method": "redact"}, "by_label": [entry]}
	{"match": "label:pii", "method": "redact"} in decision.masks
}

test_who_sees_it_in_the_clear_gets_no_mask if {
	reader := {"identity": object.union(data.base.identity, {"kind": "human", "groups": ["pii-readers"], "actor": []})}
	_masks_of([_email], reader) == set()
}

_rules(flow, entries) := rules if {
	explain := {"op": "explain", "object": "", "kind": "statement", "detail": "plan"}
	decision := main.decision with input as object.union(_facts, {"command": {"effects": [explain], "flows": [flow]}})
		with data.masks as {"default": {"method": "redact"}, "by_label": entries}
	rules := {rule.id | some rule in decision.rules}
}

_flow(to, labels) := {"from": "public.t.c", "labels": labels, "to": to, "through": []}

test_what_has_a_mask_is_neither_stored_elsewhere_nor_planned_for if {
	every label in ["pci.card", "pci.card.number", "pii", "pii.other"] {
		"protected/stored-elsewhere" in _rules(_flow("write", [label]), [_card])
		"protected/plan-tells-values" in _rules(_flow("join", ["x", label]), [_card])
	}
	every label in ["pci", "pci.cardholder", "piisum", "confidential"] {
		_rules(_flow("write", [label]), [_card]) == {"protected/personal-data"}
		_rules(_flow("join", [label]), [_card]) == {"protected/personal-data"}
	}
}
