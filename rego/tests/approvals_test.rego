# METADATA
# title: Who settles requests
package sallyport.tests.approvals_test

import data.sallyport.main

# A question says where it differs from the common one; one of the list as a whole has no request.
_question(one) := object.remove(object.union(data.approvals.base, one.question), ["request"]) if {
	one.whole
} else := object.union(data.approvals.base, one.question)

test_there_are_questions if count(data.approvals.questions) > 20

test_every_question_is_answered_as_it_says if {
	wrong := [one.name |
		some one in data.approvals.questions
		answer := main.approval with input as _question(one)
		answer.allow != one.allow
	]
	print(wrong)
	count(wrong) == 0
}

test_every_question_has_an_answer if {
	every one in data.approvals.questions {
		answer := main.approval with input as _question(one)
		is_string(answer.reason)
	}
}
