# Replicas are read. A target labelled `role: replica` is for reading.
package sallyport.policies

_harmless := {"read", "explain", "set", "transaction", "copy_out"}

# METADATA
# title: Changes sent to a replica
# custom:
#   id: replicas/changed
#   severity: medium
deny.any contains {
	"id": "replicas/changed",
	"message": "this target is a replica, for reading",
	"hint": "connect to the primary",
} if {
	input.target.labels.role == "replica"
	some effect in input.command.effects
	not effect.op in _harmless
}
