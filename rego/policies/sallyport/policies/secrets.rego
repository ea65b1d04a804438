# Secrets. Passwords, keys and tokens are shown to nobody, whoever may see personal data.
package sallyport.policies

# METADATA
# title: Columns labelled secret are masked
# custom:
#   id: protected/secrets
#   severity: critical
mask contains {"match": "label:secret", "method": "redact"} if _secret_flows != set()

# METADATA
# title: Why there are masks on secrets
# custom:
#   id: protected/secrets
#   severity: critical
mask_rule contains {
	"id": "protected/secrets",
	"message": "passwords, keys and tokens are masked",
	"hint": "nobody sees them; set a new one instead",
} if {
	_secret_flows != set()
}

# METADATA
# title: Secrets written where they would lose their label
# custom:
#   id: protected/secret-stored-elsewhere
#   severity: critical
deny.any contains {
	"id": "protected/secret-stored-elsewhere",
	"message": concat("", [flow.from, " would be stored where nothing says what it holds"]),
	"hint": "leave the column out",
} if {
	some flow in _secret_flows
	flow.to in {"write", "notice"}
	not _stays(flow)
}

# METADATA
# title: Plans made for secrets
# custom:
#   id: protected/secret-in-a-plan
#   severity: high
deny.explain contains {
	"id": "protected/secret-in-a-plan",
	"message": concat("", ["a plan that depends on ", flow.from, " tells about its values"]),
	"hint": "explain the statement without conditions on that column",
} if {
	some flow in _secret_flows
	flow.to in {"predicate", "join", "order", "group"}
}

_secret_flows contains flow if {
	some flow in input.command.flows
	"secret" in flow.labels
}
