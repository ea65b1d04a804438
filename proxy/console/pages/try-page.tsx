// A command, an identity, a target: what would be decided, by the same Wasm that decides for everybody,
// and why. Nothing is sent to the target.
import { useEffect, useState } from 'preact/hooks'
import type { TargetLine, TriedAnswer } from '../api/answers.js'
import { ApiProblem, call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { Empty, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { onOneLine, printable } from '../reading/printable.js'
import { groupsOf, hashOf, questionIn, type Question } from '../trying/question.js'
import { TriedStatement } from '../trying/tried-statement.js'
import { TryForm } from '../trying/try-form.js'

type Targets = readonly TargetLine[] | { readonly targets: readonly TargetLine[] }

export function TryPage() {
  const targets = useResource<Targets>('/api/targets')
  const list =
    targets.value === undefined
      ? []
      : 'targets' in targets.value
        ? targets.value.targets
        : targets.value
  const [question, setQuestion] = useState<Question>(() => questionIn(location.hash))
  const [answer, setAnswer] = useState<TriedAnswer>()
  const [problem, setProblem] = useState<ApiProblem>()
  const [busy, setBusy] = useState(false)
  const target = question.target === '' ? (list[0]?.name ?? '') : question.target
  const ask = async (): Promise<void> => {
    if (question.sql.trim() === '' || target === '') return
    setBusy(true)
    history.replaceState(null, '', hashOf({ ...question, target }))
    const { sql, kind, subject, database } = question
    const as = { kind, groups: groupsOf(question), ...(subject === '' ? {} : { subject }) }
    try {
      const body = { sql, as, target, ...(database === '' ? {} : { database }) }
      setAnswer(await call<TriedAnswer>('/api/try', { method: 'POST', body }))
      setProblem(undefined)
    } catch (wrong) {
      setProblem(wrong instanceof ApiProblem ? wrong : new ApiProblem(0, '', String(wrong)))
    }
    setBusy(false)
  }
  // A shared address shows its answer.
  useEffect(() => {
    if (location.hash.length > 1) void ask()
  }, [target !== ''])
  return (
    <div class="page page-narrow">
      <PageHead
        title="Try"
        under={<p class="muted">Ask the policies. Nothing is sent to the target.</p>}
      />
      <TryForm
        question={{ ...question, target }}
        targets={list}
        busy={busy}
        asks="Try it"
        withIdentity
        change={setQuestion}
        ask={() => void ask()}
      />
      {targets.problem === undefined ? null : (
        <Problem problem={targets.problem} again={targets.again} />
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
                setQuestion({ ...question, sql: "UPDATE orders SET status = 'refunded'" })
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
