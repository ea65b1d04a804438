# METADATA
# title: A rule speaks of the effects of its own operation
# description: >-
#   One command that does everything to every kind of object: what stands under an operation may be about no
#   other, or it would allow, deny or hold for a reason that is not there.
package sallyport.tests.operations_test

import data.sallyport.policies

_operations := [
	"read", "insert", "update", "delete", "truncate", "create", "alter", "drop", "grant", "revoke", "call",
	"copy_in", "copy_out", "set", "lock", "listen", "notify", "transaction", "explain", "execute_program",
	"read_file", "write_file", "network", "replicate", "admin", "unknown",
]

_kinds := [
	"table", "view", "foreign_table", "sequence", "function", "database", "role", "trigger", "setting", "cursor",
	"other",
]

# With and without the words that rules ask about.
_more := [
	{},
	{"temporary": true, "where": "absent"},
	{"where": "trivial", "detail": "security_definer"},
	{"detail": "replace"},
	{"detail": "volatile"}, {"detail": "harmless"}, {"detail": "immutable"},
]

# Each operation has an object of its own, so that messages show which one a rule is about.
_everything(kind, more) := [object.union({"op": op, "object": _object(op), "kind": kind}, more) |
	some op in _operations
]

_object(op) := concat("", ["<", op, ">"])

_people := [
	{"kind": "human", "groups": ["engineers"]},
	{"kind": "agent", "groups": ["agents"]},
]

_facts contains facts if {
	some kind in _kinds
	some more in _more
	some identity in _people
	facts := object.union(data.base, {
		"identity": identity,
		"target": {"labels": {"env": "prod"}},
		"command": {"effects": _everything(kind, more)},
	})
}

test_what_is_allowed_is_of_the_operation_that_it_stands_under if {
	every facts in _facts {
		allowed := policies.allow with input as facts
		every op, places in allowed {
			every place in places {
				_operations[place] == op
			}
		}
	}
}

_about_others(op, rules) := {rule.message |
	some rule in rules
	some other in _operations
	other != op
	contains(rule.message, _object(other))
}

test_what_is_denied_is_of_the_operation_that_it_stands_under if {
	every facts in _facts {
		denied := policies.deny with input as facts
		every op in _operations {
			_about_others(op, object.get(denied, op, set())) == set()
		}
	}
}

test_what_is_held_is_of_the_operation_that_it_stands_under if {
	every facts in _facts {
		held := policies.hold with input as facts
		every op in _operations {
			_about_others(op, object.get(held, op, set())) == set()
		}
	}
}
