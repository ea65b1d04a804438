// A dialog that asks for a reason before something is done that others will feel. The browser's own
// dialog: it keeps the focus inside, closes on Escape and gives the focus back.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ReasonField } from './reason-field.js'

type Props = {
  readonly title: string
  readonly does: string
  readonly children?: ComponentChildren
  readonly run: (reason: string) => Promise<void>
  readonly close: () => void
}

export function AskReason({ title, does, children, run, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [words, setWords] = useState('')
  useEffect(() => dialog.current?.showModal(), [])
  const send = async (): Promise<void> => {
    setBusy(true)
    try {
      await run(reason)
      close()
    } catch (problem) {
      setWords(problem instanceof Error ? problem.message : String(problem))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="ask-title" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <h2 id="ask-title">{title}</h2>
        {children}
        <ReasonField value={reason} set={setReason} />
        <p class="problem-words" role="alert">
          {words}
        </p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button button-deny" disabled={busy}>
            {does}
          </button>
        </div>
      </form>
    </dialog>
  )
}
