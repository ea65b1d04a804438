# Production needs a second factor. People who logged in with a password alone do not touch production.
package sallyport.policies

import data.sallyport.facts

# METADATA
# title: Production without a second factor
# custom:
#   id: login/one-factor
#   severity: high
deny.any contains {
	"id": "login/one-factor",
	"message": "production needs a login with a second factor",
	"hint": "log in again, with the second factor",
} if {
	facts.human
	facts.production
	not input.identity.mfa
}
