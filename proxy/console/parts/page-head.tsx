// The top of a page: its name, which is also the window's, and what can be done there.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { waiting } from '../api/waiting.js'

type Props = {
  readonly title: string
  // For the window, where it should say more.
  readonly window?: string
  readonly children?: ComponentChildren
  readonly under?: ComponentChildren
}

export function PageHead({ title, window = title, children, under }: Props) {
  const head = useRef<HTMLHeadingElement>(null)
  const count = waiting.value
  useEffect(() => {
    document.title = `${count === 0 ? '' : `(${count}) `}${window} · Sallyport`
  }, [window, count])
  // So that a screen reader says where one is, and Tab goes on from the top.
  useEffect(() => head.current?.focus({ preventScroll: true }), [])
  return (
    <header class="page-head">
      <div class="page-head-row">
        <h1 ref={head} tabIndex={-1}>
          {title}
        </h1>
        <div class="page-head-actions">{children}</div>
      </div>
      {under === undefined ? null : <div class="page-head-under">{under}</div>}
    </header>
  )
}
