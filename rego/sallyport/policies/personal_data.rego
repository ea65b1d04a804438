# Personal data. It leaves masked, in whatever form, and is not put where it would lose its label.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Labelled columns and everything that looks like personal data are masked
# description: On every way out, errors and notices included, whatever the command is.
# custom:
#   id: protected/personal-data
#   severity: high
mask contains {"match": match, "method": "redact"} if {
	input.stage == "command"
	not facts.clear_reader
	some match in ["label:pii", "pattern:ssn", "pattern:card", "pattern:email"]
}

# METADATA
# title: Why there are masks
# custom:
#   id: protected/personal-data
#   severity: high
mask_rule contains {
	"id": "protected/personal-data",
	"message": "personal data is masked",
	"hint": "members of pii-readers see it in the clear",
}

# METADATA
# title: Personal data written where it would lose its label
# custom:
#   id: protected/stored-elsewhere
#   severity: high
deny.any contains {
	"id": "protected/stored-elsewhere",
	"message": concat("", [flow.from, " would be stored where nothing marks it as personal data"]),
	"hint": "leave the column out, or have a member of pii-readers do it",
} if {
	not facts.clear_reader
	some flow in input.command.flows
	flow.to in {"write", "notice"}
	"pii" in flow.labels
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
	"pii" in flow.labels
	flow.to in {"predicate", "join", "order", "group"}
}
