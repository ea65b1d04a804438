// The keys that work here, on `?`.
import { useEffect, useRef } from 'preact/hooks'
import { helpOpen, shownKeys } from './keys.js'

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  const open = helpOpen.value
  useEffect(() => {
    if (open) dialog.current?.showModal()
  }, [open])
  if (!open) return null
  const places = [...new Set(shownKeys.value.map(({ where }) => where))].reverse()
  return (
    <dialog
      ref={dialog}
      class="dialog help"
      aria-labelledby="help-title"
      onClose={() => {
        helpOpen.value = false
      }}
    >
      <div class="dialog-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="button button-quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <div class="help-columns">
        {places.map((place) => (
          <section key={place}>
            <h3>{place}</h3>
            <dl>
              {shownKeys.value
                .filter(({ where }) => where === place)
                .map(({ press, does }) => (
                  <div key={press}>
                    <dt>
                      {press.split(' ').map((one, at) => (
                        <kbd key={at}>{KEY_NAMES[one] ?? one}</kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  )
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  '': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
}
