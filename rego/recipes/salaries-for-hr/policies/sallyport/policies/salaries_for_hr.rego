# Salaries are for one group. The label `confidential` is masked for everybody but members of hr.
package sallyport.policies

import data.sallyport.facts

_of_hr if {
	facts.human
	some group in input.identity.groups
	group in data.teams.hr
}

# METADATA
# title: Confidential columns are masked
# custom:
#   id: protected/confidential
#   severity: high
mask contains {"match": "label:confidential", "method": "null"} if {
	input.stage == "command"
	not _of_hr
}

# METADATA
# title: Why there are more masks
# custom:
#   id: protected/confidential
#   severity: high
mask_rule contains {
	"id": "protected/confidential",
	"message": "confidential columns are masked",
	"hint": "members of hr see them in the clear",
} if {
	input.stage == "command"
	not _of_hr
}
