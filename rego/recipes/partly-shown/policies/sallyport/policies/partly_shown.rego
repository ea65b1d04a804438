# The last characters of a value. Programs see the last three characters of names, enough to tell people
# apart.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Names are shown in part
# custom:
#   id: protected/names
#   severity: medium
mask contains {"match": "column:public.customers.name", "method": "partial", "keep": 3} if {
	input.stage == "command"
	facts.machine
}
