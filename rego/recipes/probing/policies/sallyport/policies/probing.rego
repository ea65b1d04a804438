# Who is refused again and again is stopped. An agent that tries one way after another is not guessing by
# accident.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Sessions that were refused too often
# custom:
#   id: limits/probing
#   severity: high
deny.any contains {
	"id": "limits/probing",
	"message": "this session was refused too often",
	"hint": "open another session, and ask what is allowed first",
} if {
	facts.machine
	input.session.counters.denials >= 20
}
