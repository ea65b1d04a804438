# No bulk export. COPY to the client is how whole tables leave: programs do not, people ask.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Bulk export by programs
# custom:
#   id: export/by-program
#   severity: high
deny.copy_out contains {
	"id": "export/by-program",
	"message": "programs export nothing in bulk",
	"hint": "select the rows that are needed",
} if {
	facts.machine
}

# METADATA
# title: Bulk export by people
# custom:
#   id: export/by-person
#   severity: medium
hold.copy_out contains {
	"id": "export/by-person",
	"message": "a bulk export waits for a second person",
	"hint": "it runs once a member of approvers has agreed",
	"approval": data.approvals.terms,
} if {
	facts.human
}
