# Sessions. Transactions, locks, channels, cursors and settings: what a session does to itself.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Everybody has transactions
# custom:
#   id: sessions/transactions
#   severity: low
allow.transaction contains at if {
	some at, effect in input.command.effects
	effect.op == "transaction"
}

# METADATA
# title: Everybody locks
# custom:
#   id: sessions/locks
#   severity: low
allow.lock contains at if {
	some at, effect in input.command.effects
	effect.op == "lock"
}

# METADATA
# title: Everybody listens
# custom:
#   id: sessions/channels
#   severity: low
allow.listen contains at if {
	some at, effect in input.command.effects
	effect.op == "listen"
}

# METADATA
# title: Everybody notifies
# custom:
#   id: sessions/channels
#   severity: low
allow.notify contains at if {
	some at, effect in input.command.effects
	effect.op == "notify"
}

# METADATA
# title: Everybody changes settings that change nothing else
# custom:
#   id: sessions/harmless-settings
#   severity: low
allow.set contains at if {
	some at, effect in input.command.effects
	effect.op == "set"
	effect.kind == "setting"
	effect.detail == "harmless"
}

# METADATA
# title: Everybody closes cursors and gives up prepared statements
# custom:
#   id: sessions/own-things
#   severity: low
allow.set contains at if {
	some at, effect in input.command.effects
	effect.op == "set"
	effect.kind in {"cursor", "statement", "other"}
}

# METADATA
# title: Going back to the settings that the session began with
# custom:
#   id: sessions/reset-all
#   severity: low
allow.set contains at if {
	some at, effect in input.command.effects
	_is_reset(effect)
}

# METADATA
# title: People choose in which schemas names are looked for
# custom:
#   id: sessions/search-path
#   severity: low
allow.set contains at if {
	facts.human
	some at, effect in input.command.effects
	_is_search_path(effect)
}

_setting_reasons := {
	"names": "changes what names mean",
	"reading": "changes how text is read",
	"rights": "changes who acts",
	"logging": "makes the server log or send more",
	"loading": "makes the server load code",
	"server": "touches the server's housekeeping",
	"custom": "belongs to an extension or to nobody",
	"unknown": "is not known",
}

# METADATA
# title: Settings that change more than the session's own comfort
# custom:
#   id: capabilities/setting-*
#   severity: high
deny.set contains {
	"id": concat("", ["capabilities/setting-", word]),
	"message": concat("", ["this setting ", object.get(_setting_reasons, word, "is not known")]),
	"hint": _setting_hint,
} if {
	some effect in input.command.effects
	effect.op == "set"
	effect.kind == "setting"
	word := object.get(effect, "detail", "unknown")
	word != "harmless"
	not _is_reset(effect)
	not _people_search_path(effect)
}

# METADATA
# title: Settings that tell where the target is, what it runs, or how rights are switched
# description: The message names no setting, so that a refusal repeats nothing of what was asked.
# custom:
#   id: protected/server-settings
#   severity: medium
deny.read contains {
	"id": "protected/server-settings",
	"message": "this setting tells about the server, not about your session",
	"hint": "ask who runs the target; SHOW works for settings of the session",
} if {
	some effect in input.command.effects
	effect.op == "read"
	effect.kind == "setting"
	effect.object in _server_settings
}

_server_settings := {
	"all", "archive_command", "archive_library", "config_file", "data_directory", "external_pid_file", "hba_file",
	"ident_file", "krb_server_keyfile", "listen_addresses", "log_directory", "log_filename", "port",
	"primary_conninfo", "restore_command", "session_replication_role", "ssl_ca_file", "ssl_cert_file",
	"ssl_key_file", "ssl_passphrase_command", "unix_socket_directories",
}

_setting_hint := "leave the setting as it is, and write names with their schema"

_is_reset(effect) if {
	effect.op == "set"
	effect.object == "all"
	effect.detail in {"reading", "names"}
}

_is_search_path(effect) if {
	effect.op == "set"
	effect.kind == "setting"
	effect.object == "search_path"
	effect.detail in {"reading", "names"}
}

_people_search_path(effect) if {
	facts.human
	_is_search_path(effect)
}
