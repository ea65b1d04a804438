# METADATA
# title: Policies
# description: >-
#   Each file of this package adds to `allow`, `deny` and `hold` under the operation that a rule is about
#   (`any` where it is about all), so that a decision evaluates only the rules of the operations at hand.
#   `allow` holds places in `input.command.effects`, `deny` rules, `hold` rules with their approval,
#   `mask` masks, `filter` which rows are seen, `limit` limits of one command, and `record` what is to be recorded beside the record.
# schemas:
#   - input: schema.input
package sallyport.policies
