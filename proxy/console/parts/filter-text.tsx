// A short text field that filters as one types, once the fingers rest.
import { useEffect, useRef, useState } from 'preact/hooks'

type Props = {
  readonly label: string
  readonly value: string
  readonly changed: (text: string) => void
}

const REST_MS = 300

export function FilterText({ label, value, changed }: Props) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setText(value), [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <input
      type="search"
      class="filter-text"
      placeholder={label}
      aria-label={label}
      value={text}
      onInput={(event) => {
        const { value: next } = event.currentTarget
        setText(next)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => changed(next.trim()), REST_MS)
      }}
    />
  )
}
