// Who could send a command, and in which circumstances: the policy itself, asked for every kind of
// identity and every group that it knows.
import type { WhoCanAnswer } from '../api/answers.js'
import { ActionMark } from '../parts/action-mark.js'
import { Empty, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import type { Meaning } from '../reading/action-words.js'
import { onOneLine } from '../reading/printable.js'
import { TryForm } from '../trying/try-form.js'
import { useQuestion } from '../trying/use-question.js'

type Row = WhoCanAnswer['rows'][number]

const RESULTS: Readonly<Record<Row['result'], readonly [Meaning, string]>> = {
  allowed: ['allow', 'allowed'],
  masked: ['mask', 'masked'],
  approval: ['hold', 'after approval'],
  never: ['deny', 'never'],
}

export function WhoCanPage() {
  const { question, change, ask, targets, targetsResource, busy, answer, problem } =
    useQuestion<WhoCanAnswer>('/api/who-can', ({ sql, target }) => ({ sql, target }))
  return (
    <div class="page page-narrow">
      <PageHead
        title="Who can"
        under={<p class="muted">A command, and everybody whom the policies let send it.</p>}
      />
      <TryForm
        question={question}
        targets={targets}
        busy={busy}
        asks="Who can?"
        withIdentity={false}
        change={change}
        ask={ask}
      />
      {targetsResource.problem === undefined ? null : (
        <Problem problem={targetsResource.problem} again={targetsResource.again} />
      )}
      {problem !== undefined ? (
        <Problem problem={problem} />
      ) : answer === undefined ? (
        <Empty icon="people" title="Who could do this?">
          <p>
            For instance <code>SELECT ssn FROM customers</code>: the answer names kinds of identity,
            groups, and what would change it.
          </p>
        </Empty>
      ) : (
        <Answer rows={answer.rows} />
      )}
    </div>
  )
}

function Answer({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <div class="table-box" role="region" aria-label="Who can" tabIndex={0}>
      <table class="table table-wrap">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Can</th>
            <th scope="col">Unless</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const [meaning, word] = RESULTS[row.result]
            return (
              <tr key={`${row.kind} ${row.group ?? ''}`}>
                <td>
                  <b>{onOneLine(row.kind, 20)}</b>{' '}
                  {row.group === undefined ? (
                    <span class="muted">any other group</span>
                  ) : (
                    <>of {onOneLine(row.group, 80)}</>
                  )}
                </td>
                <td>
                  <ActionMark meaning={meaning} word={word} />
                  {row.approvers.length === 0 ? null : (
                    <span class="muted">
                      {' '}
                      of {row.approvers.map((one) => onOneLine(one, 60)).join(' or ')}
                    </span>
                  )}
                </td>
                <td>
                  {row.otherwise.map(({ when, result }) => (
                    <p key={`${when} ${result}`} class="fine">
                      {onOneLine(when, 200)}: <b>{resultWord(result)}</b>
                    </p>
                  ))}
                </td>
                <td class="mono fine">{row.rules.map((rule) => onOneLine(rule, 80)).join(', ')}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function resultWord(result: string): string {
  return result in RESULTS ? RESULTS[result as Row['result']][1] : result
}
