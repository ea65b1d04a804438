// What stands around every page: the sections at the side, how many requests wait, who is signed in. On a
// phone the sections are behind a button, and the page has the whole width.
import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Approval } from '../api/answers.js'
import { connection } from '../api/live.js'
import { useResource } from '../api/resource.js'
import { signOut, viewer } from '../api/viewer.js'
import { waiting } from '../api/waiting.js'
import { Icon } from '../parts/icon.js'
import { nameOf } from '../parts/person.js'
import { onOneLine } from '../reading/printable.js'
import { Help } from './help.js'
import { helpOpen, useKeys } from './keys.js'
import { SECTIONS, type Section } from './sections.js'
import { theme, THEMES } from './theme.js'

const GROUPS = [
  ['work', 'Access'],
  ['policy', 'Policy'],
  ['operate', 'Operation'],
] as const

export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { path, route } = useLocation()
  const [open, setOpen] = useState(false)
  const menu = useRef<HTMLButtonElement>(null)
  const requests = useResource<{ readonly approvals: readonly Approval[] }>('/api/approvals', [
    'approval',
  ])
  const count = requests.value?.approvals.length ?? 0
  useEffect(() => {
    waiting.value = count
  }, [count])
  useEffect(() => setOpen(false), [path])
  useKeys(
    [
      ...SECTIONS.map(({ key, title, path: to }) => ({
        press: `g ${key}`,
        does: `Go to ${title}`,
        where: 'Everywhere',
        run: () => route(to),
      })),
      { press: '/', does: 'Search the record', where: 'Everywhere', run: () => route('/search') },
      {
        press: '?',
        does: 'These keys',
        where: 'Everywhere',
        run: () => {
          helpOpen.value = true
        },
      },
    ],
    [route],
  )
  return (
    <div class="frame">
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <div class="topbar">
        <button
          ref={menu}
          type="button"
          class="button button-quiet icon-button"
          aria-label="Sections"
          aria-expanded={open}
          aria-controls="sections"
          onClick={() => setOpen(!open)}
        >
          <Icon name="menu" size={20} />
        </button>
        <Brand />
        <a class="topbar-waiting" href="/approvals" aria-label={`${count} requests wait`}>
          <Icon name="approval" size={20} />
          <Badge count={count} />
        </a>
      </div>
      <aside
        id="sections"
        class={open ? 'sidebar open' : 'sidebar'}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          setOpen(false)
          menu.current?.focus()
        }}
      >
        <Brand />
        <nav aria-label="Sections">
          {GROUPS.map(([group, title]) => (
            <div key={group} class="nav-group">
              <p class="nav-title">{title}</p>
              {SECTIONS.filter((one) => one.group === group && isFor(one)).map((one) => (
                <SectionLink
                  key={one.path}
                  section={one}
                  here={path === one.path || path.startsWith(`${one.path}/`)}
                  count={one.path === '/approvals' ? count : 0}
                />
              ))}
            </div>
          ))}
        </nav>
        <Foot />
      </aside>
      {open ? <div class="shade" onClick={() => setOpen(false)} /> : null}
      <main id="page" tabIndex={-1}>
        {connection.value === 'lost' ? (
          <p class="lost" role="status">
            The connection to the gateway is lost; what you see may be old. Trying again…
          </p>
        ) : null}
        {children}
      </main>
      <Help />
    </div>
  )
}

function isFor({ needs }: Section): boolean {
  return needs === undefined || viewer()?.may[needs] !== false
}

function Brand() {
  return (
    <a class="brand" href="/approvals">
      <img src="/assets/icon.svg" width="22" height="22" alt="" />
      Sallyport
    </a>
  )
}

type LinkProps = { readonly section: Section; readonly here: boolean; readonly count: number }

function SectionLink({ section, here, count }: LinkProps) {
  return (
    <a href={section.path} class="nav-link" aria-current={here ? 'page' : undefined}>
      <Icon name={section.icon} />
      <span>{section.title}</span>
      <Badge count={count} />
    </a>
  )
}

function Badge({ count }: { readonly count: number }) {
  if (count === 0) return null
  return (
    <span class="badge">
      {count}
      <span class="unseen"> waiting</span>
    </span>
  )
}

function Foot() {
  const who = viewer()
  const icons = { system: 'system', light: 'sun', dark: 'moon' } as const
  return (
    <div class="sidebar-foot">
      <div
        class="who"
        title={who === undefined ? '' : onOneLine(`${who.subject} of ${who.issuer}`)}
      >
        <span class="who-name">{who === undefined ? '' : nameOf(who)}</span>
        <span class="who-kind">{onOneLine(who?.groups.slice(0, 3).join(', ') ?? '', 80)}</span>
      </div>
      <div class="foot-buttons">
        <div class="switch" role="radiogroup" aria-label="Colours">
          {THEMES.map((one) => (
            <button
              key={one}
              type="button"
              role="radio"
              aria-checked={theme.value === one}
              aria-label={one === 'system' ? 'As the system' : one}
              title={one === 'system' ? 'As the system' : one}
              onClick={() => {
                theme.value = one
              }}
            >
              <Icon name={icons[one]} size={14} />
            </button>
          ))}
        </div>
        <button
          type="button"
          class="button button-quiet icon-button"
          title="Keys (?)"
          aria-label="Keys"
          onClick={() => {
            helpOpen.value = true
          }}
        >
          <Icon name="keys" />
        </button>
        <button
          type="button"
          class="button button-quiet icon-button"
          title="Sign out"
          aria-label="Sign out"
          onClick={() => void signOut()}
        >
          <Icon name="leave" />
        </button>
      </div>
    </div>
  )
}
