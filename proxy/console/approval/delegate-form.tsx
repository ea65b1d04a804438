// Gives somebody one's right to approve, for a time: to whom, for which of one's groups, how long, and why.
import { useState } from 'preact/hooks'
import { call } from '../api/call.js'
import { viewer } from '../api/viewer.js'
import { onOneLine } from '../reading/printable.js'
import { ReasonField } from '../parts/reason-field.js'

const DAYS = [
  ['1', '1 day'],
  ['3', '3 days'],
  ['7', '1 week'],
  ['14', '2 weeks'],
  ['30', '30 days'],
] as const
const DAY_MS = 86_400_000

export function DelegateForm({ done }: { readonly done: () => void }) {
  const groups = viewer()?.groups ?? []
  const [to, setTo] = useState('')
  const [left, setLeft] = useState<readonly string[]>([])
  const [days, setDays] = useState('1')
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [words, setWords] = useState('')
  const given = groups.filter((one) => !left.includes(one))
  const send = async (): Promise<void> => {
    setBusy(true)
    setWords('')
    try {
      await call('/api/delegations', {
        method: 'POST',
        body: {
          to: { subject: to.trim() },
          ...(left.length === 0 ? {} : { groups: given }),
          for_ms: Number(days) * DAY_MS,
          reason: reason.trim(),
        },
      })
      setTo('')
      setReason('')
      done()
    } catch (problem) {
      setWords(problem instanceof Error ? problem.message : String(problem))
    }
    setBusy(false)
  }
  return (
    <form
      class="card form-card"
      aria-labelledby="delegate"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <h2 id="delegate">Let somebody approve for you</h2>
      <label class="field">
        <span>To (the subject in their token)</span>
        <input
          type="text"
          name="to"
          required
          maxLength={200}
          autocapitalize="off"
          spellcheck={false}
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      {groups.length < 2 ? null : (
        <fieldset class="field">
          <legend>What you approve for</legend>
          <div class="choices">
            {groups.map((group) => (
              <label key={group} class="choice">
                <input
                  type="checkbox"
                  checked={!left.includes(group)}
                  onChange={() =>
                    setLeft(
                      left.includes(group) ? left.filter((one) => one !== group) : [...left, group],
                    )
                  }
                />
                {onOneLine(group, 60)}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <label class="field">
        <span>For</span>
        <select value={days} onChange={(event) => setDays(event.currentTarget.value)}>
          {DAYS.map(([many, said]) => (
            <option key={many} value={many} selected={many === days}>
              {said}
            </option>
          ))}
        </select>
      </label>
      <ReasonField value={reason} set={setReason} />
      <p class="problem-words" role="alert">
        {words}
      </p>
      <div class="form-buttons">
        <button
          type="submit"
          class="button button-primary"
          disabled={busy || to.trim() === '' || reason.trim() === '' || given.length === 0}
        >
          Delegate
        </button>
      </div>
    </form>
  )
}
