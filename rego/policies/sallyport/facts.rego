# METADATA
# title: What the facts amount to
# description: Names for questions that many policies ask of the facts.
# schemas:
#   - input: schema.input
package sallyport.facts

# METADATA
# title: The target is known not to be production
# description: A target without a label `env`, or with an unknown one, is production.
everyday if input.target.labels.env in data.environments.unprotected

# METADATA
# title: The target is production
production if not everyday

# METADATA
# title: A person types, or an application that a person uses
human if {
	input.identity.kind == "human"
	count(input.identity.actor) == 0
}

# METADATA
# title: A program acts, be it on behalf of a person
machine if not human

# METADATA
# title: What destroys needs care
# description: On production always; elsewhere where a program acts.
careful if production

careful if machine

# METADATA
# title: A person who may see personal data in the clear
clear_reader if {
	human
	some group in input.identity.groups
	group in data.teams.pii_readers
}

# METADATA
# title: Whose limits count
# description: A program that acts for a person has the limits of an agent.
kind := "agent" if {
	input.identity.kind == "human"
	machine
} else := input.identity.kind
