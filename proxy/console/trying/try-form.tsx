// The question: a command, where, and as whom. Ctrl and Enter ask it from within the text.
import type { TargetLine } from '../api/answers.js'
import { KINDS, type Question } from './question.js'

type Props = {
  readonly question: Question
  readonly targets: readonly TargetLine[]
  readonly busy: boolean
  readonly asks: string
  // Who can needs nobody in particular.
  readonly withIdentity: boolean
  readonly change: (question: Question) => void
  readonly ask: () => void
}

export function TryForm({ question, targets, busy, asks, withIdentity, change, ask }: Props) {
  const set =
    (name: keyof Question) => (event: { readonly currentTarget: { readonly value: string } }) =>
      change({ ...question, [name]: event.currentTarget.value })
  return (
    <form
      class="try-form"
      onSubmit={(event) => {
        event.preventDefault()
        ask()
      }}
    >
      <label class="field try-sql">
        <span>Command</span>
        <textarea
          rows={7}
          spellcheck={false}
          autocapitalize="off"
          value={question.sql}
          placeholder="SELECT name, ssn FROM customers WHERE id = 1"
          onInput={set('sql')}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            ask()
          }}
        />
      </label>
      <div class="try-fields">
        <label class="field">
          <span>Target</span>
          <select value={question.target} onChange={set('target')}>
            {targets.map(({ name }) => (
              <option key={name} value={name} selected={name === question.target}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {withIdentity ? (
          <>
            <fieldset class="field">
              <legend>As</legend>
              <div class="choices">
                {KINDS.map((kind) => (
                  <label key={kind} class="choice">
                    <input
                      type="radio"
                      name="kind"
                      value={kind}
                      checked={question.kind === kind}
                      onChange={() => change({ ...question, kind })}
                    />
                    {kind}
                  </label>
                ))}
              </div>
            </fieldset>
            <label class="field">
              <span>Groups</span>
              <input
                type="text"
                value={question.groups}
                placeholder="finance, dba"
                autocapitalize="off"
                onInput={set('groups')}
              />
            </label>
            <label class="field">
              <span>Subject</span>
              <input
                type="text"
                value={question.subject}
                placeholder="anybody"
                autocapitalize="off"
                onInput={set('subject')}
              />
            </label>
          </>
        ) : null}
        <button
          type="submit"
          class="button button-primary button-big"
          disabled={busy || question.sql.trim() === ''}
        >
          {asks}
        </button>
      </div>
    </form>
  )
}
