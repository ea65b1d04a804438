# Definitions. Who may create what. What runs later by itself, or with other rights, is not for programs.
package sallyport.policies

import data.sallyport.facts

# Tables stand in neither: everybody creates them.
_for_people := {
	"view", "materialized_view", "sequence", "index", "type", "schema", "function", "trigger", "rule", "policy",
}

_short_lived := {"view", "sequence", "index"}

_code := {"function", "trigger", "rule", "policy"}

# METADATA
# title: Everybody creates tables
# custom:
#   id: definitions/tables-created
#   severity: low
allow.create contains at if {
	some at, effect in input.command.effects
	effect.op == "create"
	effect.kind == "table"
}

# METADATA
# title: Everybody creates what lasts as long as the session
# custom:
#   id: definitions/temporary-objects
#   severity: low
allow.create contains at if {
	some at, effect in input.command.effects
	effect.op == "create"
	effect.temporary
	effect.kind in _short_lived
}

# METADATA
# title: People create objects in the database
# custom:
#   id: definitions/objects-created
#   severity: low
allow.create contains at if {
	facts.human
	some at, effect in input.command.effects
	effect.op == "create"
	effect.kind in _for_people
}

# METADATA
# title: Indexes and views that would last, by programs
# custom:
#   id: definitions/lasting-by-program
#   severity: low
deny.create contains {
	"id": "definitions/lasting-by-program",
	"message": concat("", ["programs do not create a ", effect.kind, " that lasts: ", effect.object]),
	"hint": "create a temporary one, or a table",
} if {
	facts.machine
	some effect in input.command.effects
	effect.op == "create"
	effect.kind in {"view", "materialized_view", "sequence", "index", "type", "schema"}
	not effect.temporary
}

# METADATA
# title: Code that the server keeps, by programs
# custom:
#   id: capabilities/code-that-stays
#   severity: high
deny.create contains {
	"id": "capabilities/code-that-stays",
	"message": concat("", ["programs do not leave code on the server: ", effect.kind, " ", effect.object]),
	"hint": "send the statements themselves",
} if {
	facts.machine
	some effect in input.command.effects
	effect.op == "create"
	effect.kind in _code
}

# METADATA
# title: Code that runs with its owner's rights
# custom:
#   id: capabilities/security-definer
#   severity: high
deny.create contains {
	"id": "capabilities/security-definer",
	"message": concat("", ["SECURITY DEFINER lends its owner's rights to every caller: ", effect.object]),
	"hint": "leave SECURITY DEFINER out",
} if {
	some effect in input.command.effects
	effect.op == "create"
	effect.detail == "security_definer"
}

# METADATA
# title: Existing code that is to run with its owner's rights
# custom:
#   id: capabilities/security-definer
#   severity: high
deny.alter contains {
	"id": "capabilities/security-definer",
	"message": concat("", ["SECURITY DEFINER lends its owner's rights to every caller: ", effect.object]),
	"hint": "leave SECURITY DEFINER out",
} if {
	some effect in input.command.effects
	effect.op == "alter"
	effect.detail == "security_definer"
}

# METADATA
# title: Triggers on the database's own events
# custom:
#   id: capabilities/event-trigger
#   severity: high
deny.create contains {
	"id": "capabilities/event-trigger",
	"message": "an event trigger runs with every definition that anybody changes",
	"hint": "this is for the server's administrators",
} if {
	some effect in input.command.effects
	effect.op == "create"
	effect.detail == "event" # said of triggers alone
}
