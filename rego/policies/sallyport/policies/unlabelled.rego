# Columns of which nobody has said what they hold, on a target that is configured with `unlabelled: mask`.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Columns that nobody has labelled are masked
# description: A label such as public, or an empty list of labels, says that somebody has looked.
# custom:
#   id: protected/unlabelled
#   severity: medium
mask contains {"match": "label:unlabelled", "method": "redact"} if _unlabelled_is_hidden

# METADATA
# title: Why there are masks on them
# custom:
#   id: protected/unlabelled
#   severity: medium
mask_rule contains {
	"id": "protected/unlabelled",
	"message": "columns that nobody has labelled are masked on this target",
	"hint": "sallyport labels scan proposes labels; with one such as public, or with none listed, a column is shown",
} if {
	_unlabelled_is_hidden
}

_unlabelled_is_hidden if {
	not facts.clear_reader
	some flow in input.command.flows
	"unlabelled" in flow.labels
}

_unlabelled_is_hidden if {
	not facts.clear_reader
	some effect in input.command.effects
	"unlabelled" in effect.labels
}
