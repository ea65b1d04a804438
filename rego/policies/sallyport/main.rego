# METADATA
# title: Composition
# description: >-
#   How what the policies say becomes one decision. Any denial wins; an effect that no policy allows is
#   a denial; then an approval is asked for; then masks; else the command is allowed. Policies add to
#   `allow`, `deny`, `hold`, `mask` under an operation, and the order of files never matters.
# schemas:
#   - input: schema.input
package sallyport.main

import data.sallyport.policies

# METADATA
# title: The decision
# entrypoint: true
decision := object.union_n([_decided, _filtered, _recorded])

_decided := {"action": "deny", "rules": _denials, "masks": [], "limits": {}} if {
	count(_denials) > 0
} else := {
	"action": "require-approval",
	"rules": array.concat(_hold_rules, _mask_rules),
	"masks": _masks,
	"approval": _approval,
	"limits": _limits,
} if {
	count(_holds) > 0 # mutate: equivalent (drop, compare), because without holds there are no terms; said aloud all the same
} else := {"action": "mask-fields", "rules": _mask_rules, "masks": _masks, "limits": _limits} if {
	count(_masks) + count(_filters) > 0
} else := {"action": "allow", "rules": [], "masks": [], "limits": _limits}

# METADATA
# title: The decision while nobody can be asked
# description: The same composition, in which whatever is not a plain reading is a denial.
# entrypoint: true
degraded := {
	"action": "deny",
	"rules": array.concat(_denials, _degraded_denials),
	"masks": [],
	"limits": {},
} if {
	count(_denials) + count(_degraded_denials) > 0
} else := decision

# METADATA
# title: May this person settle this request, or see what the console shows
# entrypoint: true
# schemas:
#   - input: schema.approval
approval := data.sallyport.console.answer if {
	input.verb in data.sallyport.console.verbs
} else := object.union(data.sallyport.approvals.answer, {"step_up": data.sallyport.console.step_up}) if {
	data.sallyport.approvals.answer.allow
} else := data.sallyport.approvals.answer

_ops contains effect.op if some effect in input.command.effects

_denials := array.concat(_by_name(_deny), _uncovered)

_deny contains rule if some rule in policies.deny.any

_deny contains rule if {
	some op in _ops
	some rule in policies.deny[op]
}

_deny contains {
	"id": "sallyport/no-break-glass",
	"message": "no policy says how the glass may be broken here",
	"hint": "ask for access in the usual way",
} if {
	_breaking
	count(_emergency) == 0
}

# METADATA
# description: Only the first is named, and only where nothing was denied by name.
_uncovered := [_not_covered(missing[0])] if {
	count(_deny) == 0
	missing := [effect |
		some at, effect in input.command.effects
		not _covered(effect.op, at)
	]
	count(missing) > 0 # mutate: equivalent (drop, compare), because nothing missing has no first; said aloud all the same
} else := [{
	"id": "sallyport/no-command",
	"message": "there is no command to decide on",
}] if {
	input.stage == "command"
	not input.command.effects
} else := []

# Looped over, since a look-up of `at` behind a computed key is compiled wrongly to Wasm: it is true
# whatever the set holds.
_covered(op, at) if {
	some place in policies.allow[op]
	place == at
}

_not_covered(effect) := {
	"id": "sallyport/not-covered",
	"message": concat("", ["no policy allows ", effect.op, " of ", effect.kind, " ", effect.object]),
	"hint": "ask for a policy that allows it, or do it as a person who may",
}

_all_holds contains held if some held in policies.hold.any

_all_holds contains held if {
	some op in _ops
	some held in policies.hold[op]
}

_holds contains held if {
	not _breaking
	some held in _all_holds
	not _granted(held)
}

# In an emergency its own rules say who must agree, and no others.
_holds contains held if {
	_breaking
	some held in _emergency
}

_breaking if input.access.break_glass

_emergency contains held if some held in policies.break_glass

# A grant for this exact command satisfies whatever asked for it; a grant for the session what asked for no
# more than that and had asked for it; broken glass everything.
_granted(_) if {
	some grant in input.grants
	grant.scope == "command"
}

_granted(held) if {
	held.approval.scope == "session"
	some grant in input.grants
	grant.scope == "session"
	held.id in object.get(grant, "rules", [held.id])
}

_granted(_) if {
	some grant in input.grants
	grant.break_glass
}

_hold_rules := _by_name({rule |
	some held in _holds
	rule := object.remove(held, ["approval"])
})

# Sets have no order that is the same everywhere.
_by_name(rules) := [pair[1] | some pair in sort({[rule.id, rule] | some rule in rules})]

# What all that asked want together: every one's people, the shortest times.
_approval := object.union_n([
	_people,
	{
		"expires_ms": min({held.approval.expires_ms | some held in _holds}),
		"reason_required": true in {held.approval.reason_required | some held in _holds},
		"scope": min({held.approval.scope | some held in _holds}),
	},
	_standing,
	_escalation,
	_preview,
])

_people := {"approvers": one.any_of, "quorum": one.count} if {
	count(_needed) == 1
	some one in _needed
} else := {
	"approvers": sort({group | some one in _needed; some group in one.any_of}),
	"quorum": sum([one.count | some one in _needed]),
	"groups": sort(_needed),
}

# So many of these groups: the most that any rule wants of the same ones.
_needed contains {"any_of": groups, "count": most} if {
	some groups in {one.any_of | some one in _wanted}
	most := max({one.count | some one in _wanted; one.any_of == groups})
}

_wanted contains {"any_of": sort({group | some group in one.any_of}), "count": one.count} if {
	some held in _holds
	some one in held.approval.groups
}

_wanted contains {"any_of": sort({group | some group in held.approval.approvers}), "count": held.approval.quorum} if {
	some held in _holds
	not held.approval.groups
}

_standing := {"grant_ms": min(_grant_times)} if {
	count(_grant_times) > 0 # mutate: equivalent (drop, compare), because nothing has no smallest; said aloud all the same
} else := {}

_grant_times := {held.approval.grant_ms | some held in _holds}

# Others may settle it later only where every rule that asked says so.
_escalation := {"escalate": {"after_ms": max({one.after_ms | some one in _escalations}), "to": sort(_escalated_to)}} if {
	every held in _holds {
		held.approval.escalate
	}
	count(_escalated_to) > 0
} else := {}

# Whoever wants approvers to be told nothing beforehand is heard; else whoever wants the most told.
_preview := {"preview": "none"} if {
	"none" in _previews
} else := {"preview": "count"} if {
	"count" in _previews
} else := {}

_previews := {held.approval.preview | some held in _holds}

_escalations := {held.approval.escalate | some held in _holds}

_escalated_to := intersection({{group | some group in one.to} | some one in _escalations})

_masks := sort(policies.mask)

_mask_rules := _by_name({rule |
	count(_masks) + count(_filters) > 0
	some rule in policies.mask_rule
})

# Which rows are seen; all that anybody names hold together, also once what is held was approved.
_filtered := {"filters": _filters} if {
	_decided.action != "deny"
	count(_filters) > 0 # mutate: equivalent (drop, compare), because no filters and none named are the same
} else := {}

_filters := sort([one | some one in policies.filter])

# What is recorded beside the record: where several rules ask, the most of what they ask for. Without any,
# the decision says nothing of it, and the gateway's configuration does.
_recorded := {"record": object.union_n([
	{"level": _record_level},
	_record_most("rows_max"),
	_record_most("bytes_max"),
	_record_required,
])} if {
	_record_level # mutate: equivalent (drop), because without a level there is nothing to put together
} else := {}

_record_levels := ["none", "commands", "results"]

_record_level := level if {
	most := max({rank |
		some one in policies.record
		some rank, name in _record_levels
		name == one.level
	})
	some rank, level in _record_levels
	rank == most
}

# The greatest of nothing is nothing.
_record_most(name) := {name: most} if {
	most := max({one[name] | some one in policies.record})
} else := {}

_record_required := {"required": true} if {
	some one in policies.record
	one.required == true
} else := {}

# Of each limit that anybody names the smallest.
_limits := {name: least |
	some one in policies.limit
	some name, _ in one
	least := min({other[name] | some other in policies.limit})
}

_degraded_denials := array.concat(_by_name(_no_approver), _by_name(_not_reading))

_no_approver contains {
	"id": "degraded/no-approver",
	"message": "this needs an approval, and nobody can be asked at the moment",
	"hint": "try again once approvals work",
} if {
	count(_holds) > 0
}

_not_reading contains {
	"id": "degraded/reads-only",
	"message": concat("", [effect.op, " is not allowed while nobody can be asked"]),
	"hint": "only reading is possible until approvals work",
} if {
	some effect in input.command.effects
	not effect.op in {"read", "explain", "transaction", "set"}
	not _moves_cursor(effect)
}

_moves_cursor(effect) if {
	effect.op == "call"
	effect.detail in {"fetch", "move", "prepared"}
}
