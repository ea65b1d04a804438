# Unread. What could not be read with certainty does not run.
package sallyport.policies

_unread_hints := {
	"not_parsed": "correct the statement; it must be what PostgreSQL itself would accept",
	"unknown_node": "write it with statements that are more usual",
	"name_not_resolved": "check the name and its schema; it must exist when the statement is sent",
	"parsers_disagree": "write it so that it can be read in one way only",
	"dynamic_sql": "send the statement itself instead of a text that becomes one",
	"opaque_stream": "send it as a statement",
	"over_limit": "make the statement smaller",
}

# METADATA
# title: Parts of the command that could not be read
# custom:
#   id: unread/*
#   severity: critical
deny.any contains {
	"id": concat("", ["unread/", replace(part.reason, "_", "-")]),
	"message": concat("", ["this could not be read with certainty: ", part.detail]),
	"hint": object.get(_unread_hints, part.reason, "write it in a plainer way"),
} if {
	some part in input.command.unread
}
