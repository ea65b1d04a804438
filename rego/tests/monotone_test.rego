# METADATA
# title: More that speaks never makes a decision more lenient
# description: >-
#   All states that the composition can tell apart, by what is empty in them: a denial, something not
#   covered, a hold, a mask, and whether there are effects at all. What a prover of changes leans on.
package sallyport.tests.monotone_test

import data.sallyport.main

_severity := {"allow": 0, "mask-fields": 1, "require-approval": 2, "deny": 3}

_flags := ["deny", "uncovered", "hold", "mask"]

_grants := {
	"none": [],
	"session": [{"id": "g", "scope": "session", "approvers": ["grace"]}],
	"command": [{"id": "g", "scope": "command", "approvers": ["grace"]}],
}

# The flags that are set, whether there are effects, and where the policies speak.
_states contains {"set": set_flags, "effects": effects, "place": place, "grant": grant, "scope": scope} if {
	some deny in [set(), {"deny"}]
	some uncovered in [set(), {"uncovered"}]
	some hold in [set(), {"hold"}]
	some mask in [set(), {"mask"}]
	set_flags := ((deny | uncovered) | hold) | mask
	some effects in [true, false]
	some [place, grant, scope] in _surroundings
}

# Where policies speak, which grant there is, and what a hold asks for.
_surroundings := [["any", "none", "command"], ["read", "session", "command"]]

_when(flag, state, value) := [value] if flag in state.set

_when(flag, state, _) := [] if not flag in state.set

_speaking(state, value) := {"any": value, "read": []} if state.place == "any"

_speaking(state, value) := {"any": [], "read": value} if state.place == "read"

_policies(state) := {
	"allow": {"read": _covered(state)},
	"deny": _speaking(state, _when("deny", state, {"id": "x/deny", "message": ""})),
	"hold": _speaking(state, _when("hold", state, {"id": "x/hold", "message": "", "approval": {
		"approvers": ["approvers"],
		"quorum": 1,
		"expires_ms": 5000,
		"reason_required": false,
		"scope": state.scope,
	}})),
	"mask": {one | some one in _when("mask", state, {"match": "label:pii", "method": "redact"})},
	"mask_rule": {one | some one in _when("mask", state, {"id": "x/mask", "message": ""})},
}

_covered(state) := [] if "uncovered" in state.set

_covered(state) := [0] if not "uncovered" in state.set

_read := {"op": "read", "object": "public.orders", "kind": "table"}

_around(state) := object.union(
	object.remove(data.base, ["command"]),
	{"stage": "command", "grants": _grants[state.grant]},
)

_facts(state) := object.union(_around(state), {"command": {"effects": [_read]}}) if state.effects

_facts(state) := object.union(_around(state), {"command": {"effects": []}}) if {
	not state.effects
	not "uncovered" in state.set
}

# Where there are no effects, what is not covered is a command that is not there.
_facts(state) := _around(state) if {
	not state.effects
	"uncovered" in state.set
}

_decided(state) := decision if {
	decision := main.decision with input as _facts(state)
		with data.sallyport.policies as _policies(state)
}

_degraded(state) := decision if {
	decision := main.degraded with input as _facts(state)
		with data.sallyport.policies as _policies(state)
}

_decisions[state] := {"decision": _decided(state), "degraded": _degraded(state)} if some state in _states

test_every_state_is_decided if {
	count(_states) == 32 * count(_surroundings)
	count(_decisions) == count(_states)
}

_with(state, flag) := object.union(state, {"set": state.set | {flag}})

_not_more_lenient(before, after) if {
	_severity[after.action] >= _severity[before.action]
	_masks_kept(before, after)
}

# A denial masks nothing, since nothing leaves.
_masks_kept(_, after) if after.action == "deny"

_masks_kept(before, after) if {
	every mask in before.masks {
		mask in after.masks
	}
}

test_more_that_speaks_is_never_more_lenient if {
	every state, before in _decisions {
		every flag in _flags {
			after := _decisions[_with(state, flag)]
			_not_more_lenient(before.decision, after.decision)
			_not_more_lenient(before.degraded, after.degraded)
		}
	}
}

test_degraded_is_never_more_lenient_than_the_decision if {
	every _, one in _decisions {
		_not_more_lenient(one.decision, one.degraded)
	}
}

# Each flag by itself decides as it should, with effects and without.
test_each_alone_has_its_decision if {
	every effects in [true, false] {
		every flag, action in {
			"deny": "deny",
			"uncovered": "deny",
			"hold": "require-approval",
			"mask": "mask-fields",
		} {
			state := {"set": {flag}, "effects": effects, "place": "any", "grant": "none", "scope": "command"}
			_decided(state).action == action
		}
	}
}

_satisfied := [
	["none", "command", "require-approval"], ["none", "session", "require-approval"],
	["session", "command", "require-approval"], ["session", "session", "allow"],
	["command", "command", "allow"], ["command", "session", "allow"],
]

test_a_hold_is_satisfied_by_the_right_grant_alone if {
	every row in _satisfied {
		[grant, scope, action] := row
		state := {"set": {"hold"}, "effects": true, "place": "any", "grant": grant, "scope": scope}
		_decided(state).action == action
	}
}
