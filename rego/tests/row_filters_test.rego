# METADATA
# title: Which rows of a relation who sees
package sallyport.tests.row_filters_test

import data.sallyport.main

_read := {"op": "read", "object": "public.orders", "kind": "table"}

_drop := {"op": "drop", "object": "public.orders", "kind": "table"}

_eu := [{"column": "region", "op": "eq", "value": "eu"}]

_agent := {"kind": "agent", "groups": ["agents", "agents-eu"]}

_person := {"kind": "human", "groups": ["engineers", "pii-readers"]}

_command(effect, identity) := object.union(data.base, {
	"identity": identity,
	"target": {"name": "shop", "database": "shop", "labels": {"env": "test"}},
	"command": {"effects": [effect]},
})

_as(identity, filters) := decision if {
	decision := main.decision with input as _command(_read, identity) with data.filters as {"relations": filters}
}

_orders(more) := object.union({"relation": "public.orders", "rows": _eu}, more)

_clear := {"relation": "public.orders", "rows": _eu}

test_without_filters_the_decision_says_nothing_of_rows if {
	decision := _as(_person, [])
	decision.action == "allow"
	not decision.filters
}

test_the_shipped_data_filters_nothing if {
	decision := main.decision with input as _command(_read, _person)
	not decision.filters
}

test_a_filter_that_names_nobody_is_for_all if {
	decision := _as(_person, [_orders({})])
	decision.action == "mask-fields"
	decision.filters == [_clear]
	decision.masks == []
	[rule.id | some rule in decision.rules] == ["rows/filtered"]
}

test_the_rule_names_the_relations if {
	decision := _as(_person, [_orders({}), _orders({"relation": "public.customers"}), _orders({"kinds": ["agent"], "relation": "public.x"})])
	decision.rules[0].message == "only some rows of public.customers, public.orders are seen"
}

test_the_kind_counts if {
	_as(_agent, [_orders({"kinds": ["agent", "pipeline"]})]).filters == [_clear]
	not _as(_person, [_orders({"kinds": ["agent", "pipeline"]})]).filters
}

test_a_program_that_acts_for_a_person_is_an_agent if {
	acting := object.union(_person, {"actor": ["agent-7"]})
	_as(acting, [_orders({"kinds": ["agent"]})]).filters == [_clear]
	_as(acting, [_orders({"except_groups": ["engineers"]})]).filters == [_clear]
}

test_one_of_the_groups_is_enough if {
	_as(_agent, [_orders({"groups": ["agents-eu", "agents-us"]})]).filters == [_clear]
	not _as(_person, [_orders({"groups": ["agents-eu", "agents-us"]})]).filters
}

test_people_of_an_excepted_group_see_all if {
	not _as(_person, [_orders({"except_groups": ["pii-readers"]})]).filters
	_as(_person, [_orders({"except_groups": ["others"]})]).filters == [_clear]
	_as(_agent, [_orders({"except_groups": ["agents-eu"]})]).filters == [_clear]
}

test_the_target_and_the_database_count if {
	_as(_agent, [_orders({"targets": ["shop"], "databases": ["shop"]})]).filters == [_clear]
	not _as(_agent, [_orders({"targets": ["other"]})]).filters
	not _as(_agent, [_orders({"databases": ["other"]})]).filters
}

test_all_of_a_relation_hold_together if {
	more := [{"column": "total", "op": "lt", "value": 9}]
	_as(_agent, [_orders({}), _orders({"rows": more})]).filters == sort([_clear, {"relation": "public.orders", "rows": more}])
}

_claimed := [{"column": "region", "op": "eq", "claim": "region"}]

test_a_value_may_come_from_a_claim if {
	european := object.union(_agent, {"claims": {"region": "eu"}})
	_as(european, [_orders({"rows": _claimed})]).filters[0].rows == [{"any": [{"all": _eu}]}]
}

test_without_the_claim_no_row_satisfies_it if {
	nowhere := [{"column": "region", "op": "is_null"}, {"column": "region", "op": "is_not_null"}]
	_as(_agent, [_orders({"rows": _claimed})]).filters[0].rows == [{"any": [{"all": nowhere}]}]
}

test_claims_stand_also_in_alternatives if {
	european := object.union(_agent, {"claims": {"region": "eu"}})
	open := {"column": "status", "op": "eq", "value": "open"}
	rows := [{"any": [_claimed[0], {"all": [open, _claimed[0]]}, open]}]
	_as(european, [_orders({"rows": rows})]).filters[0].rows == [{"any": [
		{"all": _eu},
		{"all": [open, _eu[0]]},
		{"all": [open]},
	]}]
}

test_filters_hold_once_it_is_approved if {
	person := {"kind": "human", "groups": ["engineers"]}
	asked := object.union(_command(_drop, person), {"target": {"labels": {"env": "prod"}}})
	decision := main.decision with input as asked with data.filters as {"relations": [_orders({})]}
	decision.action == "require-approval"
	decision.filters == [_clear]
}

test_a_denial_filters_nothing if {
	decision := main.decision with input as _command({"op": "unknown", "object": "", "kind": "other"}, _agent)
		with data.filters as {"relations": [_orders({})]}
	decision.action == "deny"
	not decision.filters
}

test_opening_a_target_filters_nothing if {
	opening := object.union(object.remove(_command(_read, _person), ["command"]), {"stage": "session"})
	decision := main.decision with input as opening with data.filters as {"relations": [_orders({})]}
	not decision.filters
}
