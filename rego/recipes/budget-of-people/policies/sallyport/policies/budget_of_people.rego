# A budget of people. After a thousand rows about people a program has seen enough, masked or not.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Rows of labelled data, by programs
# custom:
#   id: limits/labelled-rows
#   severity: medium
deny.read contains {
	"id": "limits/labelled-rows",
	"message": "this session has read a thousand rows of labelled data",
	"hint": "select fewer rows, or leave labelled columns out",
} if {
	facts.machine
	input.session.counters.labelled_rows >= 1000
	count(input.command.flows) > 0
}
