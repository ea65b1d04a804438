# Personal data in the clear, on request. Members of pii-readers ask first: somebody of security opens it
# for their session.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Personal data in the clear
# custom:
#   id: protected/clear-on-request
#   severity: high
hold.read contains {
	"id": "protected/clear-on-request",
	"message": concat("", [flow.from, " would be shown in the clear"]),
	"hint": "a member of security opens it for this session, for a stated reason",
	"approval": {
		"approvers": ["security"],
		"quorum": 1,
		"expires_ms": 600000,
		"reason_required": true,
		"scope": "session",
	},
} if {
	facts.clear_reader
	some flow in input.command.flows
	"pii" in flow.labels
}
