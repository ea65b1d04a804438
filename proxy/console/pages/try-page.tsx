// A command, an identity, a target: what would be decided, by the same Wasm that decides for everybody,
// and why. Nothing is sent to the target.
import type { TriedAnswer } from '../api/answers.js'
import { Empty, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { onOneLine, printable } from '../reading/printable.js'
import { groupsOf, type Question } from '../trying/question.js'
import { TriedStatement } from '../trying/tried-statement.js'
import { TryForm } from '../trying/try-form.js'
import { useQuestion } from '../trying/use-question.js'

export function TryPage() {
  const { question, change, ask, targets, targetsResource, busy, answer, problem } =
    useQuestion<TriedAnswer>('/api/try', bodyOf)
  const { target } = question
  return (
    <div class="page page-narrow">
      <PageHead
        title="Try"
        under={<p class="muted">Ask the policies. Nothing is sent to the target.</p>}
      />
      <TryForm
        question={question}
        targets={targets}
        busy={busy}
        asks="Try it"
        withIdentity
        change={change}
        ask={ask}
      />
      {targetsResource.problem === undefined ? null : (
        <Problem problem={targetsResource.problem} again={targetsResource.again} />
      )}
      {problem !== undefined ? (
        <Problem problem={problem} />
      ) : answer === undefined ? (
        <Empty icon="try" title="What would happen?">
          <p>
            Write a command as an agent would send it. For instance{' '}
            <a
              href="#"
              onClick={(event) => {
                event.preventDefault()
                change({ ...question, sql: "UPDATE orders SET status = 'refunded'" })
              }}
            >
              an UPDATE without WHERE
            </a>
            .
          </p>
        </Empty>
      ) : (
        <>
          {answer.opens?.go === false ? (
            <p class="notice notice-bad">
              This identity may not open {onOneLine(target, 60)} at all:{' '}
              {printable(answer.opens.why)}
            </p>
          ) : null}
          {answer.statements.map((tried, at) => (
            <TriedStatement key={at} tried={tried} of={answer.statements.length} />
          ))}
        </>
      )}
    </div>
  )
}

function bodyOf(question: Question): object {
  const { sql, target, kind, subject, database } = question
  const as = { kind, groups: groupsOf(question), ...(subject === '' ? {} : { subject }) }
  return { sql, as, target, ...(database === '' ? {} : { database }) }
}
