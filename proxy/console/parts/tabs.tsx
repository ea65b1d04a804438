// A choice between a few views, each with an address of its own, so that each can be shared.

type Tab = {
  readonly href: string
  readonly title: string
  readonly here: boolean
  readonly count?: number
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, title, here, count }) => (
        <a key={href} href={href} class="tab" aria-current={here ? 'page' : undefined}>
          {title}
          {count === undefined ? null : <span class="tab-count">{count}</span>}
        </a>
      ))}
    </nav>
  )
}
