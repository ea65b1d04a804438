# Data stays with its region. A target labelled with a region is open to those whose claim names it.
package sallyport.policies

# METADATA
# title: Targets of another region
# custom:
#   id: regions/foreign
#   severity: high
deny.any contains {
	"id": "regions/foreign",
	"message": concat("", ["this data stays in ", input.target.labels.region]),
	"hint": "ask somebody of that region",
} if {
	input.target.labels.region != object.get(input.identity.claims, "region", "")
}
