# Joined, never seen. Analysts join on a pseudonym: the same value gives the same hash, and no value is
# shown.
package sallyport.policies

# METADATA
# title: Names are pseudonyms for analysts
# custom:
#   id: protected/pseudonyms
#   severity: medium
mask contains {"match": "label:pseudonym", "method": "hash"} if {
	input.stage == "command"
	some group in input.identity.groups
	group in data.teams.analysts
}
