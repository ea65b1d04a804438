// A list of rows of one height, of which only those in sight exist: 100,000 of them scroll as ten do. For
// assistive technology it is a listbox that says how many there are and which is chosen.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

type Props = {
  readonly count: number
  readonly rowHeight: number
  readonly chosen: number
  readonly label: string
  readonly row: (at: number) => ComponentChildren
  readonly choose: (at: number) => void
  // What came into sight, to be loaded.
  readonly seen?: (from: number, to: number) => void
}

const BEYOND = 8

export function VirtualList({ count, rowHeight, chosen, label, row, choose, seen }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const measure = (): void =>
      setView((old) => {
        const { scrollTop: top, clientHeight: height } = element
        return old.top === top && old.height === height ? old : { top, height }
      })
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      watcher.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])

  const from = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND)
  const to = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + BEYOND)

  useEffect(() => seen?.(from, to), [from, to, count])

  // The chosen row is kept in sight.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || chosen < 0 || element.clientHeight === 0) return
    const top = chosen * rowHeight
    if (top < element.scrollTop) element.scrollTop = Math.max(0, top - rowHeight * 2)
    else if (top + rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = top - element.clientHeight + rowHeight * 3
    }
  }, [chosen, rowHeight, count])

  const rows = []
  for (let at = from; at < to; at++) {
    rows.push(
      <div
        key={at}
        id={`${label}-${at}`}
        role="option"
        aria-selected={at === chosen}
        aria-setsize={count}
        aria-posinset={at + 1}
        class={at === chosen ? 'vrow chosen' : 'vrow'}
        style={{ top: `${at * rowHeight}px`, height: `${rowHeight}px` }}
        onClick={() => choose(at)}
      >
        {row(at)}
      </div>,
    )
  }
  return (
    <div
      ref={box}
      class="vlist"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={chosen >= from && chosen < to ? `${label}-${chosen}` : undefined}
      onKeyDown={(event) => {
        const to = moved(event.key, chosen, count, Math.floor(view.height / rowHeight))
        if (to === undefined) return
        event.preventDefault()
        event.stopPropagation()
        choose(to)
      }}
    >
      <div class="vspace" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  )
}

function moved(key: string, at: number, count: number, page: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -count,
    End: count,
  }
  const step = steps[key]
  return step === undefined ? undefined : Math.min(count - 1, Math.max(0, at + step))
}
