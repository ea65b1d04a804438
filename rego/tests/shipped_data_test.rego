# METADATA
# title: What the shipped data says
# description: Whoever changes the data of their own library changes these tests with it.
package sallyport.tests.shipped_data_test

import data.sallyport.facts
import data.sallyport.main

_engineer := {"kind": "human", "groups": ["engineers"]}

_identities := {
	"human": _engineer,
	"agent": {"kind": "agent", "groups": ["agents"]},
	"pipeline": {"kind": "pipeline", "groups": ["pipelines"]},
}

_drop := {"op": "drop", "object": "public.orders", "kind": "table"}

_insert := {"op": "insert", "object": "public.orders", "kind": "table"}

_read := {"op": "read", "object": "public.orders", "kind": "table"}

_doing(effect, more) := object.union(object.union(data.base, {"command": {"effects": [effect]}}), more)

test_these_environments_are_not_production if {
	every env in ["dev", "development", "local", "test", "ci", "sandbox", "staging"] {
		facts.everyday with input as _doing(_drop, {"target": {"labels": {"env": env}}})
	}
}

test_all_others_are_production if {
	every env in ["prod", "production", "Dev", "", "tests"] {
		facts.production with input as _doing(_drop, {"target": {"labels": {"env": env}}})
	}
}

test_what_waits_waits_five_minutes_for_one_of_the_approvers if {
	decision := main.decision with input as _doing(_drop, {"identity": _engineer})
	decision.approval == {
		"approvers": ["approvers"],
		"quorum": 1,
		"expires_ms": 300000,
		"reason_required": false,
		"scope": "command",
		"preview": "count",
	}
}

_limits := {
	"human": {},
	"agent": {"rows_max": 1000000, "timeout_ms": 60000},
	"pipeline": {"rows_max": 1000000, "timeout_ms": 600000},
}

test_each_kind_of_identity_has_its_limits if {
	every kind, limits in _limits {
		decision := main.decision with input as _doing(_read, {"identity": _identities[kind]})
		decision.limits == limits
	}
}

test_limits_stand_with_an_approval_as_well if {
	decision := main.decision with input as _doing(_drop, {})
	decision.action == "require-approval"
	decision.limits == _limits.agent
}

test_a_program_that_acts_for_a_person_has_the_limits_of_an_agent if {
	delegated := object.union(_engineer, {"actor": [{"subject": "agent-7"}]})
	decision := main.decision with input as _doing(_read, {"identity": delegated})
	decision.limits == _limits.agent
}

_commands_a_minute := {"human": 100000, "agent": 1000, "pipeline": 10000}

_after(commands, kind) := action if {
	action := main.decision.action with input as _doing(_read, {
		"identity": _identities[kind],
		"session": {"counters": {"commands_last_minute": commands}},
	})
}

test_so_many_commands_a_minute_are_too_many if {
	every kind, limit in _commands_a_minute {
		_after(limit, kind) == "deny"
		_after(limit - 1, kind) == "mask-fields"
	}
}

_at(weekday, hour) := _doing(_insert, {"identity": _engineer, "time": {"weekday": weekday, "hour": hour}})

test_hours_are_off_until_somebody_turns_them_on if {
	decision := main.decision with input as _at("sunday", 3)
	decision.action == "mask-fields"
}

_with_hours(facts) := decision if {
	decision := main.decision with input as facts with data.hours as object.union(data.hours, {"enabled": true})
}

test_turned_on_they_are_eight_to_six_on_working_days if {
	every weekday in ["monday", "tuesday", "wednesday", "thursday", "friday"] {
		every hour in [8, 17] {
			_with_hours(_at(weekday, hour)).action == "mask-fields"
		}
		every hour in [0, 7, 18, 23] {
			_with_hours(_at(weekday, hour)).action == "require-approval"
		}
	}
	every weekday in ["saturday", "sunday"] {
		_with_hours(_at(weekday, 12)).action == "require-approval"
	}
}

_late(effect, more) := _doing(effect, object.union({"identity": _engineer, "time": {"weekday": "sunday"}}, more))

test_hours_are_for_changes_of_production_alone if {
	_with_hours(_late(_insert, {})).rules[0].id == "limits/production-hours"
	_with_hours(_late(_insert, {"target": {"labels": {"env": "test"}}})).action == "mask-fields"
	every effect in [
		{"op": "read", "object": "public.orders", "kind": "table"},
		{"op": "explain", "object": "", "kind": "statement"},
		{"op": "transaction", "object": "", "kind": "transaction", "detail": "begin"},
		{"op": "set", "object": "work_mem", "kind": "setting", "detail": "harmless"},
		{"op": "copy_out", "object": "public.orders", "kind": "table"},
	] {
		_with_hours(_late(effect, {})).action == "mask-fields"
	}
}

test_approvers_see_the_list_whoever_is_asked if {
	question := object.remove(object.union(data.approvals.base, {"verb": "list"}), ["request"])
	answer := main.approval with input as question with data.approvals.terms.approvers as ["others"]
	answer.allow
}
