# Programs go slower on production. A tighter limit where it matters. Counters are rounded down to 1, 2, 5,
# 10, 20 …, so use one of these.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Programs too fast on production
# custom:
#   id: limits/too-fast-on-production
#   severity: medium
deny.any contains {
	"id": "limits/too-fast-on-production",
	"message": "programs send at most 100 commands a minute to production",
	"hint": "wait a minute, and ask for more with each command",
} if {
	facts.machine
	facts.production
	input.session.counters.commands_last_minute >= 100
}
