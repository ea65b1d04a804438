# Recordings. What of a session is kept beside the record, so that it can be watched later.
package sallyport.policies

# METADATA
# title: What is recorded on targets of an environment
# description: >-
#   `data.recordings` names it by the target's label `env`. Where several rules ask, the most of what they
#   ask for is recorded; where none does, the gateway's configuration says.
# custom:
#   id: recordings/by-environment
#   severity: low
record contains data.recordings[input.target.labels.env]
