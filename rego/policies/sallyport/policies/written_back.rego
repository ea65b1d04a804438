# Masked values that come back. Who was shown asterisks or a token and writes them where the value stands takes the
# value away from everybody.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Masks written back as if they were values
# description: >-
#   Literals and bound values that look like a mask, for columns whose values the caller sees masked.
#   data.masks.written_back names labels for which it is allowed.
# custom:
#   id: protected/mask-written-back
#   severity: high
deny.any contains {
	"id": "protected/mask-written-back",
	"message": concat("", [written.column, " would be given what stands for its value, and not a value"]),
	"hint": "leave the column out of the statement: it keeps what it has; or write a value that was not read masked",
} if {
	some written in input.command.written_masks
	some label in written.labels
	_is_shown_masked(label)
	not _may_come_back(written.labels)
}

_is_shown_masked(label) if _is_among("secret", label)

_is_shown_masked(label) if {
	not facts.clear_reader
	some masked in _labels_shown_masked
	_is_among(masked, label)
}

_labels_shown_masked := {"unlabelled", "free_text"} | object.keys(_mask_methods)

_may_come_back(labels) if {
	some label in labels
	some allowed in data.masks.written_back
	_is_among(allowed, label)
}

_is_among(name, label) if label == name

_is_among(name, label) if startswith(label, concat("", [name, "."]))
