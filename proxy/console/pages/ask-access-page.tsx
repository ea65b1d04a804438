// Asking ahead for access to a target for a time, with a reason; broken glass where it burns. Who has to agree
// is the policies' business: the page sends the wish and leads to the request that became of it.
import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import type { Approval, TargetLine } from '../api/answers.js'
import { call } from '../api/call.js'
import { useResource } from '../api/resource.js'
import { ApprovalTabs } from '../approval/approval-tabs.js'
import { PageHead } from '../parts/page-head.js'
import { onOneLine } from '../reading/printable.js'

// The longest that may be asked for is a day; broken glass lasts at most an hour.
const TIMES = [
  ['', 'As the policy says'],
  ['15', '15 minutes'],
  ['30', '30 minutes'],
  ['60', '1 hour'],
  ['240', '4 hours'],
  ['480', '8 hours'],
  ['1440', '24 hours'],
] as const
const MINUTE_MS = 60_000
const GLASS_MOST_MINUTES = 60

export function AskAccessPage() {
  const { query, route } = useLocation()
  const targets = useResource<{ readonly targets: readonly TargetLine[] }>('/api/targets')
  const [target, setTarget] = useState(query['target'] ?? '')
  const [minutes, setMinutes] = useState('')
  const [reason, setReason] = useState('')
  const [glass, setGlass] = useState(false)
  const [busy, setBusy] = useState(false)
  const [words, setWords] = useState('')
  const send = async (): Promise<void> => {
    setBusy(true)
    setWords('')
    try {
      const asked = await call<Approval>('/api/approvals', {
        method: 'POST',
        body: {
          target: target.trim(),
          reason: reason.trim(),
          ...(minutes === '' ? {} : { for_ms: Number(minutes) * MINUTE_MS }),
          ...(glass ? { break_glass: true } : {}),
        },
      })
      route(`/approvals/${encodeURIComponent(asked.id)}`)
    } catch (problem) {
      setWords(problem instanceof Error ? problem.message : String(problem))
      setBusy(false)
    }
  }
  return (
    <div class="page page-narrow">
      <PageHead title="Approvals" window="Ask for access" under={<ApprovalTabs here="access" />} />
      <form
        class="card form-card"
        aria-labelledby="ask-access"
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <h2 id="ask-access">Access to a target, for a time</h2>
        <p class="muted">
          Those who approve for that target are told. Once they have agreed you connect as always;
          when the time is over, sessions that rest on it end.
        </p>
        <label class="field">
          <span>Target, or target/database</span>
          <input
            type="text"
            required
            maxLength={200}
            list="targets-known"
            autocapitalize="off"
            spellcheck={false}
            value={target}
            onInput={(event) => setTarget(event.currentTarget.value)}
          />
        </label>
        <datalist id="targets-known">
          {(targets.value?.targets ?? []).map(({ name }) => (
            <option key={name} value={onOneLine(name, 200)} />
          ))}
        </datalist>
        <label class="field">
          <span>For</span>
          <select value={minutes} onChange={(event) => setMinutes(event.currentTarget.value)}>
            {TIMES.filter(([many]) => !glass || Number(many) <= GLASS_MOST_MINUTES).map(
              ([many, said]) => (
                <option key={many} value={many} selected={many === minutes}>
                  {said}
                </option>
              ),
            )}
          </select>
        </label>
        <label class="field">
          <span>Reason, for those who approve and for the record</span>
          <textarea
            rows={3}
            required
            maxLength={500}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <label class="form-check">
          <input
            type="checkbox"
            checked={glass}
            onChange={(event) => {
              setGlass(event.currentTarget.checked)
              if (Number(minutes) > GLASS_MOST_MINUTES) setMinutes('')
            }}
          />
          It is an emergency: break the glass
        </label>
        {glass ? (
          <p class="form-warning">
            Everybody hears of it, two people must agree, it lasts an hour at most, and somebody
            looks afterwards at what was done with it.
          </p>
        ) : null}
        <p class="problem-words" role="alert">
          {words}
        </p>
        <div class="form-buttons">
          <button
            type="submit"
            class={glass ? 'button button-deny' : 'button button-primary'}
            disabled={busy || target.trim() === '' || reason.trim() === ''}
          >
            {glass ? 'Break the glass' : 'Ask'}
          </button>
          <a class="button" href="/approvals/access">
            Cancel
          </a>
        </div>
      </form>
    </div>
  )
}
