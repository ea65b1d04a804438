// What is changed in the story of a policy: a rule that denies more, with a test that needs no Rego, what is
// said of it in delta.yaml, and one condition that lets more through.
export const EMPLOYEES_RULE = `# Salaries are changed in payroll, and nowhere else.
package sallyport.policies

# METADATA
# title: Employees are not changed here
# custom:
#   id: employees/changed
#   severity: high
deny.update contains {
	"id": "employees/changed",
	"message": "employees are changed in payroll alone",
	"hint": "ask payroll; it comes over every night",
} if {
	some effect in input.command.effects
	effect.op == "update"
	effect.object == "public.employees"
}
`

export const EMPLOYEES_TEST = `target: shop
as: engineer
cases:
  - name: nobody changes a salary
    sql: UPDATE employees SET salary = 1 WHERE id = 7
    action: deny
    rules: [employees/changed]
  - name: an order can be changed
    sql: UPDATE orders SET status = 'paid' WHERE id = 7
    action: mask-fields
`

export const DELTA = `flips:
  - why: salaries are changed in payroll
    from: [allow, mask-fields]
    to: [deny]
    rule: [employees/changed]
    object: [public.employees]
`

// Of the rule that has every ALTER wait; what it no longer speaks of, nobody approves.
export const ALTER_CONDITION = '\teffect.op == "alter"\n\tnot effect.temporary\n'
export const ALTER_BUT_INDEXES =
  '\teffect.op == "alter"\n\teffect.kind != "index"\n\tnot effect.temporary\n'
