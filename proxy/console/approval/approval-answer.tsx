// The two answers, and what came of them. On a phone they stay at the bottom of the screen. A key moves
// to an answer and never gives it: `a` or `d`, then Enter.
import { useRef, useState } from 'preact/hooks'
import type { Approval } from '../api/answers.js'
import { ApiProblem, call } from '../api/call.js'
import { viewer } from '../api/viewer.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { statusMark } from '../reading/approval-status.js'
import { counted } from '../reading/counts.js'
import { onOneLine } from '../reading/printable.js'
import { useKeys } from '../shell/keys.js'

type Verb = 'approve' | 'deny' | 'withdraw'
type Props = { readonly approval: Approval; readonly again: () => void }

export function ApprovalAnswer({ approval, again }: Props) {
  const [given, setGiven] = useState<Approval>()
  const now = given ?? approval
  return approval.status !== 'pending' || now.status !== 'pending' ? (
    <Settled approval={approval.status === 'pending' ? now : approval} />
  ) : (
    <Ask
      approval={approval}
      mine={given !== undefined}
      answered={(after) => {
        setGiven(after)
        again()
      }}
    />
  )
}

type AskProps = {
  readonly approval: Approval
  readonly mine: boolean
  readonly answered: (after: Approval) => void
}

function Ask({ approval, mine, answered }: AskProps) {
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState<Verb>()
  const [words, setWords] = useState('')
  // The policies want a sign-in that is fresh.
  const [wanted, setWanted] = useState<Verb>()
  const [fresh, setFresh] = useState(false)
  const own = isOwn(approval)
  // What the look counted can be made the most that may change.
  const rows = approval.consequence?.count
  const [capped, setCapped] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const buttons = {
    approve: useRef<HTMLButtonElement>(null),
    deny: useRef<HTMLButtonElement>(null),
  }
  useKeys(
    [
      {
        press: 'a',
        does: 'Move to Approve; Enter gives it',
        where: 'This request',
        run: () => buttons.approve.current?.focus(),
      },
      {
        press: 'd',
        does: 'Move to Deny; Enter gives it',
        where: 'This request',
        run: () => buttons.deny.current?.focus(),
      },
      {
        press: 'r',
        does: 'Write a reason',
        where: 'This request',
        run: () => field.current?.focus(),
      },
    ],
    [approval.id],
  )
  const send = async (verb: Verb): Promise<void> => {
    const needed = verb !== 'withdraw' && (approval.reason_required || verb === 'deny')
    if (needed && reason.trim() === '') {
      setWanted(verb)
      setWords(
        verb === 'deny'
          ? 'Say why: whoever asked reads it, and an agent follows it.'
          : 'The policies ask approvers for a reason.',
      )
      field.current?.focus()
      return
    }
    setBusy(verb)
    setWords('')
    try {
      const path = `/api/approvals/${encodeURIComponent(approval.id)}/${verb}`
      answered(
        await call<Approval>(path, {
          method: 'POST',
          body: { reason, ...via(), ...(verb === 'approve' && capped ? { rows_max: rows } : {}) },
        }),
      )
    } catch (problem) {
      setWords(problem instanceof Error ? problem.message : String(problem))
      setFresh(problem instanceof ApiProblem && problem.code === 'step_up_required')
    }
    setBusy(undefined)
  }
  const left = approval.quorum - approval.approvals.length
  return (
    <form
      class="answer"
      aria-label="Your answer"
      onSubmit={(event) => {
        event.preventDefault()
        // Enter in the reason gives the answer that asked for it, and no other.
        if (wanted !== undefined) void send(wanted)
      }}
    >
      <p class="answer-words problem-words" role="alert">
        {words}
        {fresh ? (
          <>
            {' '}
            <a
              href={`/auth/login?step_up=yes&next=${encodeURIComponent(location.pathname)}`}
              target="_top"
            >
              Sign in again
            </a>
          </>
        ) : null}
      </p>
      {mine ? (
        <p class="answer-words" role="status">
          Your approval counts. {left} more {left === 1 ? 'is' : 'are'} needed.
        </p>
      ) : null}
      <input
        ref={field}
        class="answer-reason"
        type="text"
        maxLength={1000}
        value={reason}
        aria-label="Reason"
        placeholder={placeholderOf(approval, own)}
        onInput={(event) => setReason(event.currentTarget.value)}
      />
      {rows === undefined || own ? null : (
        <label class="answer-cap">
          <input
            type="checkbox"
            checked={capped}
            onChange={(event) => setCapped(event.currentTarget.checked)}
          />
          At most {counted(rows, 'row')}; one more, and all is undone
        </label>
      )}
      <div class="answer-buttons">
        {own ? (
          <button
            type="button"
            class="button button-big"
            disabled={busy !== undefined}
            onClick={() => void send('withdraw')}
          >
            Take it back
          </button>
        ) : (
          (['deny', 'approve'] as const).map((verb) => (
            <button
              key={verb}
              ref={buttons[verb]}
              type="button"
              class={`button button-big button-${verb === 'approve' ? 'allow' : 'deny'}`}
              disabled={busy !== undefined}
              onClick={() => void send(verb)}
            >
              <Icon name={verb === 'approve' ? 'allow' : 'deny'} />
              {verb === 'approve' ? 'Approve' : 'Deny'}
            </button>
          ))
        )}
      </div>
    </form>
  )
}

function placeholderOf({ reason_required: required }: Approval, own: boolean): string {
  if (own) return 'This is your own request'
  return required ? 'Reason (required)' : 'Reason (a denial needs one)'
}

// A program that acts for this person has the same subject: nobody approves for themselves.
function isOwn({ requester }: Approval): boolean {
  const who = viewer()
  return who?.subject === requester.subject && who.issuer === requester.issuer
}

// Where a link in a message led here, that is said.
function via(): { readonly via?: string } {
  const came = new URLSearchParams(location.search).get('via')
  return came === 'teams' || came === 'email' ? { via: came } : {}
}

function Settled({ approval }: { readonly approval: Approval }) {
  const { meaning, sentence } = statusMark(approval.status)
  return (
    <div class={`answer answer-done answer-${meaning}`} role="status">
      <Icon name={meaning} size={18} />
      <div>
        <p>
          <b>{sentence}</b>
        </p>
        <p class="muted">
          {approval.settled_by === undefined ? null : (
            <>By {onOneLine(approval.settled_by, 100)} </>
          )}
          {approval.settled_at === undefined ? null : <Instant at={approval.settled_at} />}
          {approval.reason === undefined || approval.reason === '' ? null : (
            <>: “{onOneLine(approval.reason, 600)}”</>
          )}
        </p>
      </div>
    </div>
  )
}
