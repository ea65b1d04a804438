# Rows of one's own region. Programs see customers of the region that their claim names, whatever SQL they write;
# without the claim they see none. Plain conditions need no Rego: they stand in `data/filters/data.yaml`.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Customers of other regions
# custom:
#   id: rows/own-region
#   severity: high
filter contains {"relation": "public.customers", "rows": [{"column": "region", "op": "eq", "value": region}]} if {
	input.stage == "command"
	facts.machine
	region := object.get(input.identity.claims, "region", "")
}

# METADATA
# title: Why not all rows are seen
# custom:
#   id: rows/own-region
#   severity: high
mask_rule contains {
	"id": "rows/own-region",
	"message": "only customers of your own region are seen",
	"hint": "name the table in one plain query",
} if {
	facts.machine
}
