# Capabilities. What nobody gets through the gateway: the server's files, programs, network, roles and upkeep.
package sallyport.policies

_whole_server := {
	"database", "role", "extension", "language", "server", "publication", "subscription", "tablespace",
}

_for_administrators := "this is for the server's administrators, on another way in"

_never(id, what, object) := {
	"id": id,
	"message": concat("", ["through the gateway nobody ", what, _named(object)]),
	"hint": _for_administrators,
}

_named("") := ""

_named(object) := concat("", [": ", object]) if object != ""

# METADATA
# title: Nobody has the server run programs or load code
# custom:
#   id: capabilities/program
#   severity: critical
deny.execute_program contains _never("capabilities/program", "has the server run programs or load code", effect.object) if {
	some effect in input.command.effects
	effect.op == "execute_program"
}

# METADATA
# title: Nobody reads the server's files
# custom:
#   id: capabilities/server-file-read
#   severity: critical
deny.read_file contains _never("capabilities/server-file-read", "reads the server's files", effect.object) if {
	some effect in input.command.effects
	effect.op == "read_file"
}

# METADATA
# title: Nobody writes the server's files
# custom:
#   id: capabilities/server-file-written
#   severity: critical
deny.write_file contains _never("capabilities/server-file-written", "writes the server's files", effect.object) if {
	some effect in input.command.effects
	effect.op == "write_file"
}

# METADATA
# title: Nobody has the server connect to elsewhere
# custom:
#   id: capabilities/network
#   severity: critical
deny.network contains _never("capabilities/network", "has the server connect to elsewhere", effect.object) if {
	some effect in input.command.effects
	effect.op == "network"
}

# METADATA
# title: Nobody replicates
# custom:
#   id: capabilities/replication
#   severity: critical
deny.replicate contains _never("capabilities/replication", "replicates", effect.object) if {
	some effect in input.command.effects
	effect.op == "replicate"
}

# METADATA
# title: Nobody looks after the server
# custom:
#   id: capabilities/administration
#   severity: critical
deny.admin contains _never("capabilities/administration", "looks after the server", effect.object) if {
	some effect in input.command.effects
	effect.op == "admin"
}

# METADATA
# title: Nobody hands out rights
# custom:
#   id: capabilities/grant
#   severity: critical
deny.grant contains _never("capabilities/grant", "hands out rights", effect.object) if {
	some effect in input.command.effects
	effect.op == "grant"
}

# METADATA
# title: Nobody takes rights away
# custom:
#   id: capabilities/revoke
#   severity: critical
deny.revoke contains _never("capabilities/revoke", "takes rights away", effect.object) if {
	some effect in input.command.effects
	effect.op == "revoke"
}

# METADATA
# title: CREATE of what belongs to the whole server
# custom:
#   id: capabilities/server-object
#   severity: critical
deny.create contains _never("capabilities/server-object", concat("", ["creates a ", effect.kind]), effect.object) if {
	some effect in input.command.effects
	effect.op == "create"
	effect.kind in _whole_server
}

# METADATA
# title: ALTER of what belongs to the whole server
# custom:
#   id: capabilities/server-object
#   severity: critical
deny.alter contains _never("capabilities/server-object", concat("", ["changes a ", effect.kind]), effect.object) if {
	some effect in input.command.effects
	effect.op == "alter"
	effect.kind in _whole_server
}

# METADATA
# title: DROP of what belongs to the whole server
# custom:
#   id: capabilities/server-object
#   severity: critical
deny.drop contains _never("capabilities/server-object", concat("", ["drops a ", effect.kind]), effect.object) if {
	some effect in input.command.effects
	effect.op == "drop"
	effect.kind in _whole_server
	effect.kind != "database"
}

# METADATA
# title: Effects that are not known
# description: Where a part is unread, that says more.
# custom:
#   id: capabilities/unknown-effect
#   severity: critical
deny.unknown contains {
	"id": "capabilities/unknown-effect",
	"message": concat("", ["what this does cannot be known beforehand", _named(effect.object)]),
	"hint": "send the statements themselves instead of code that makes them",
} if {
	count(input.command.unread) == 0
	some effect in input.command.effects
	effect.op == "unknown"
}
