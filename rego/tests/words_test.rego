# METADATA
# title: Words that rules list, one at a time
# description: Kinds of objects, settings and ways of calling; the cases hold whole commands.
package sallyport.tests.words_test

import data.sallyport.main

_agent := {"kind": "agent", "groups": ["agents"]}

_reader := {"kind": "human", "groups": ["pii-readers"]}

_decision(identity, env, effect) := decision if {
	facts := object.union(data.base, {
		"identity": identity,
		"target": {"labels": {"env": env}},
		"command": {"effects": [object.union({"object": "public.x"}, effect)]},
	})
	decision := main.decision with input as facts
}

_said(identity, env, effect) := [decision.action, [rule.id | some rule in decision.rules]] if {
	decision := _decision(identity, env, effect)
}

_allowed := ["allow", []]

_denied(id) := ["deny", [id]]

_kinds := {
	"table", "view", "materialized_view", "foreign_table", "system_table", "sequence", "index", "function",
	"schema", "database", "role", "type", "extension", "language", "server", "publication", "subscription",
	"trigger", "rule", "policy", "setting", "channel", "transaction", "statement", "cursor", "tablespace", "file",
	"program", "other",
}

# Of which kinds everybody who is no program does this, where nothing waits.
_of := {
	"read": {
		"table", "view", "materialized_view", "foreign_table", "system_table", "sequence", "index", "setting",
		"type", "function",
	},
	"copy_out": {"table", "view", "materialized_view", "foreign_table", "statement"},
	"insert": {"table", "view", "foreign_table"},
	"copy_in": {"table", "view", "foreign_table"},
	"update": {"table", "view", "foreign_table"},
	"delete": {"table", "view", "foreign_table"},
	"create": {
		"table", "view", "materialized_view", "sequence", "index", "type", "schema", "function", "trigger", "rule",
		"policy",
	},
	"alter": {
		"table", "view", "materialized_view", "foreign_table", "sequence", "index", "type", "schema", "function",
		"trigger", "rule", "policy",
	},
	"drop": {
		"table", "view", "materialized_view", "foreign_table", "sequence", "index", "type", "schema", "function",
		"trigger", "rule", "policy", "database",
	},
}

test_people_do_what_is_listed_with_what_is_listed if {
	every op, kinds in _of {
		every kind in _kinds {
			effect := {"op": op, "kind": kind, "where": "key"}
			_covered(_said(_reader, "test", effect), kind in kinds)
		}
	}
}

_covered(said, true) if said == _allowed

_covered(said, false) if said in [_denied("sallyport/not-covered"), _denied("capabilities/server-object")]

test_what_belongs_to_the_server_is_nobodys if {
	kinds := {"database", "role", "extension", "language", "server", "publication", "subscription", "tablespace"}
	every op in ["create", "alter", "drop"] {
		every kind in kinds - {cell | op == "drop"; cell := "database"} {
			_said(_reader, "test", {"op": op, "kind": kind}) == _denied("capabilities/server-object")
		}
	}
}

_call(detail) := {"op": "call", "kind": "function", "detail": detail}

test_functions_that_compute_are_for_everybody if {
	every detail in ["immutable", "stable", "sequence", "prepared", "fetch", "move"] {
		_said(_reader, "prod", _call(detail)) == _allowed
		_decision(_agent, "prod", _call(detail)).action == "mask-fields"
	}
}

test_others_are_called_by_people_and_wait_on_production if {
	every detail in ["volatile", "opaque", "security_definer", "trigger"] {
		_said(_reader, "test", _call(detail)) == _allowed
		_said(_reader, "prod", _call(detail)) == ["require-approval", ["calls/unknown-on-production"]]
		_said(_agent, "test", _call(detail)) == _denied("calls/unknown-by-program")
	}
}

test_a_function_of_which_nothing_is_known_is_nobodys if {
	every effect in [{"op": "call", "kind": "function"}, _call("unheard_of")] {
		_said(_reader, "test", effect) == _denied("sallyport/not-covered")
		_said(_agent, "test", effect) == _denied("calls/unknown-by-program")
	}
}

_show(name) := {"op": "read", "object": name, "kind": "setting"}

test_settings_that_tell_of_the_server_are_shown_to_nobody if {
	every name in [
		"all", "archive_command", "archive_library", "config_file", "data_directory", "external_pid_file",
		"hba_file", "ident_file", "krb_server_keyfile", "listen_addresses", "log_directory", "log_filename", "port",
		"primary_conninfo", "restore_command", "session_replication_role", "ssl_ca_file", "ssl_cert_file",
		"ssl_key_file", "ssl_passphrase_command", "unix_socket_directories",
	] {
		_said(_reader, "test", _show(name)) == _denied("protected/server-settings")
		_said(_reader, "test", object.union(_show(name), {"kind": "table"})) == _allowed
	}
	_said(_reader, "test", _show("work_mem")) == _allowed
}

_set(object, detail) := {"op": "set", "object": object, "kind": "setting", "detail": detail}

test_going_back_to_the_beginning_is_for_everybody if {
	every detail in ["reading", "names"] {
		_said(_reader, "prod", _set("all", detail)) == _allowed
		_decision(_agent, "prod", _set("all", detail)).action == "mask-fields"
	}
	_said(_reader, "prod", _set("all", "rights")) == _denied("capabilities/setting-rights")
}

test_the_search_path_is_for_people if {
	every detail in ["reading", "names"] {
		id := concat("", ["capabilities/setting-", detail])
		_said(_reader, "prod", _set("search_path", detail)) == _allowed
		_said(_agent, "prod", _set("search_path", detail)) == _denied(id)
		_said(_reader, "prod", _set("role", detail)) == _denied(id)
		_said(_reader, "prod", object.union(_set("search_path", detail), {"kind": "other"})) == _allowed
	}
	_said(_reader, "prod", _set("search_path", "rights")) == _denied("capabilities/setting-rights")
}

test_own_things_are_closed_by_everybody if {
	every kind in ["cursor", "statement", "other"] {
		_said(_reader, "prod", {"op": "set", "kind": kind}) == _allowed
	}
	_said(_reader, "prod", {"op": "set", "kind": "channel"}) == _denied("sallyport/not-covered")
}

# In one command, such as a function that does both.
test_a_setting_that_is_read_is_not_set_and_the_other_way_round if {
	facts := object.union(data.base, {
		"identity": _reader,
		"command": {"effects": [_set("port", "harmless"), _show("work_mem")]},
	})
	decision := main.decision with input as facts
	decision.action == "allow"
}
