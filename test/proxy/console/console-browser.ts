// A browser at the console: of a size, in light or dark, with keys pressed as a person presses them, and
// axe-core asked whether everybody can use what is there.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Test } from 'tap'
import { openPage, type BrowserPage } from '../../peers/chromium.js'

export const SIZES = {
  desk: { width: 1360, height: 860, mobile: false },
  phone: { width: 390, height: 844, mobile: true },
  small: { width: 360, height: 640, mobile: true },
} as const

export type Scheme = 'light' | 'dark'

export type ConsoleBrowser = BrowserPage & {
  readonly go: (path: string, ready: string) => Promise<void>
  // As `KeyboardEvent.key` has it, one after the other.
  readonly press: (...keys: readonly string[]) => Promise<void>
  readonly type: (text: string) => Promise<void>
  readonly scheme: (scheme: Scheme) => Promise<void>
  readonly size: (size: keyof typeof SIZES) => Promise<void>
  // Findings of axe-core that are serious or critical: rule and place.
  readonly findings: () => Promise<readonly string[]>
  // What is wider than the screen.
  readonly tooWide: () => Promise<readonly string[]>
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function openConsole(
  t: Pick<Test, 'teardown'>,
  url: string,
  options: {
    readonly size?: keyof typeof SIZES
    readonly scheme?: Scheme
    readonly path?: string
  } = {},
): Promise<ConsoleBrowser> {
  const resize = (send: BrowserPage['send'], size: keyof typeof SIZES) => {
    const { width, height, mobile } = SIZES[size]
    return send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      mobile,
      deviceScaleFactor: mobile ? 2 : 1,
    })
  }
  const paint = (send: BrowserPage['send'], value: Scheme) =>
    send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    })
  const page = await openPage(t, `${url}${options.path ?? '/approvals'}`, async (send) => {
    await resize(send, options.size ?? 'desk')
    await paint(send, options.scheme ?? 'light')
  })
  let now = options.size ?? 'desk'
  return {
    ...page,
    async go(path, ready) {
      await page.send('Page.navigate', { url: `${url}${path}` })
      const at = JSON.stringify(path.replace(/[#?].*$/, ''))
      await page.until(`document.readyState === 'complete' && location.pathname === ${at}`)
      await page.until(`document.querySelector(${JSON.stringify(ready)}) !== null`)
    },
    async press(...keys) {
      for (const key of keys) {
        const text = key.length === 1 ? key : key === 'Enter' ? '\r' : undefined
        const common = { key, ...codeOf(key), ...(text === undefined ? {} : { text }) }
        await page.send('Input.dispatchKeyEvent', {
          type: text === undefined ? 'rawKeyDown' : 'keyDown',
          ...common,
        })
        await page.send('Input.dispatchKeyEvent', { type: 'keyUp', key, ...codeOf(key) })
      }
    },
    type: async (text) => {
      await page.send('Input.insertText', { text })
    },
    scheme: async (value) => {
      await paint(page.send, value)
    },
    size: async (value) => {
      now = value
      await resize(page.send, value)
    },
    async findings() {
      if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(`${AXE}\n;0`)
      const found = await page.evaluate(`axe
        .run(document, { resultTypes: ['violations'] })
        .then(({ violations }) =>
          violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .flatMap(({ id, nodes }) =>
              nodes.slice(0, 4).map((node) => id + ': ' + node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')),
            ),
        )`)
      return found as readonly string[]
    },
    async tooWide() {
      // Phones zoom out where something is too wide, so that the page says it fits.
      const { width } = SIZES[now]
      const found = await page.evaluate(`document.documentElement.scrollWidth <= ${width}
        ? []
        : [...document.querySelectorAll('main, main *')]
            .filter((one) => one.getBoundingClientRect().right > ${width} + 1)
            .filter((one) => {
              for (let at = one.parentElement; at !== null; at = at.parentElement)
                if (getComputedStyle(at).overflowX !== 'visible') return false
              return true
            })
            .slice(0, 4)
            .map((one) => one.tagName + '.' + one.className)`)
      return found as readonly string[]
    },
  }
}

function codeOf(key: string): { readonly code?: string; readonly windowsVirtualKeyCode?: number } {
  const named: Readonly<Record<string, readonly [string, number]>> = {
    Enter: ['Enter', 13],
    Tab: ['Tab', 9],
    Escape: ['Escape', 27],
    ' ': ['Space', 32],
    ArrowLeft: ['ArrowLeft', 37],
    ArrowUp: ['ArrowUp', 38],
    ArrowRight: ['ArrowRight', 39],
    ArrowDown: ['ArrowDown', 40],
    End: ['End', 35],
    Home: ['Home', 36],
  }
  const [code, number] = named[key] ?? []
  return code === undefined || number === undefined ? {} : { code, windowsVirtualKeyCode: number }
}
