// A real browser for tests of pages: the system's Chromium without a window, steered over its debugging
// pipe (Chrome DevTools Protocol: JSON, each message ended by a zero byte). Ends with the test.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Test } from 'tap'

export type BrowserPage = {
  // The value of an expression in the page, once its promise is settled.
  readonly evaluate: (expression: string) => Promise<unknown>
  // Until the expression is truthy.
  readonly until: (expression: string) => Promise<void>
  // PNG of what is seen.
  readonly picture: () => Promise<Buffer>
  // A command of the DevTools protocol, for this page: sizes, keys, colours.
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>
  // What the page complained about: console errors, refused scripts.
  readonly complaints: readonly string[]
}

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--remote-debugging-pipe',
]

export function missingChromium(): string | false {
  return CHROMIUM.some((path) => existsSync(path)) ? false : 'no Chromium on this system'
}

type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

export async function openPage(
  t: Pick<Test, 'teardown'>,
  url: string,
  // What is set before the page is loaded: its size, say.
  before: (send: BrowserPage['send']) => Promise<unknown> = () => Promise.resolve(),
): Promise<BrowserPage> {
  const path = CHROMIUM.find((one) => existsSync(one)) ?? ''
  const profile = mkdtempSync(join(tmpdir(), 'sallyport-browser-'))
  const child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    // A group of its own: its helpers end with it, and write nothing any more.
    detached: true,
    env: { PATH: process.env['PATH'], HOME: profile },
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await gone
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })
  const complaints: string[] = []
  const send = protocol(child.stdio[3] as Writable, child.stdio[4] as Readable, (event) => {
    if (event.method === 'Log.entryAdded' || event.method === 'Runtime.exceptionThrown') {
      complaints.push(JSON.stringify(event.params))
    }
  })
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  const page = (method: string, params: object = {}) => send(method, params, String(sessionId))
  await page('Log.enable')
  await page('Runtime.enable')
  await page('Page.enable')
  await before(page)
  await page('Page.navigate', { url })
  const evaluate = async (expression: string): Promise<unknown> => {
    const options = { expression, awaitPromise: true, returnByValue: true }
    const answer = await page('Runtime.evaluate', options)
    return (answer['result'] as { readonly value?: unknown }).value
  }
  const until = async (expression: string): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      if ((await evaluate(expression)) === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`never true in the page: ${expression}`)
  }
  await until('document.readyState === "complete" && location.href !== "about:blank"')
  const picture = async (): Promise<Buffer> =>
    Buffer.from(String((await page('Page.captureScreenshot'))['data']), 'base64')
  return { evaluate, until, picture, send: page, complaints }
}

function protocol(to: Writable, from: Readable, heard: (event: Message) => void) {
  const waiting = new Map<number, (answer: Message) => void>()
  let next = 1
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\u0000')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const message = JSON.parse(part) as Message
      if (message.id === undefined) heard(message)
      else waiting.get(message.id)?.(message)
    }
  })
  to.on('error', () => undefined)
  return (method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const id = next++
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result ?? {})
        else reject(new Error(`${method}: ${error.message}`))
      })
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\u0000`)
    })
}
