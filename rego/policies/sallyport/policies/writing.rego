# Writing. Rows are added and changed by everybody; wide changes are for the policies on destruction.
package sallyport.policies

_writable := {"table", "view", "foreign_table"}

# METADATA
# title: Everybody adds rows
# custom:
#   id: writing/rows-added
#   severity: low
allow.insert contains at if {
	some at, effect in input.command.effects
	effect.op == "insert"
	effect.kind in _writable
}

# METADATA
# title: Everybody changes rows
# custom:
#   id: writing/rows-changed
#   severity: low
allow.update contains at if {
	some at, effect in input.command.effects
	effect.op == "update"
	effect.kind in _writable
}

# METADATA
# title: Everybody deletes rows
# custom:
#   id: writing/rows-deleted
#   severity: low
allow.delete contains at if {
	some at, effect in input.command.effects
	effect.op == "delete"
	effect.kind in _writable
}

# METADATA
# title: Everybody copies rows in
# custom:
#   id: writing/rows-copied-in
#   severity: low
allow.copy_in contains at if {
	some at, effect in input.command.effects
	effect.op == "copy_in"
	effect.kind in _writable
}
