// Somebody with a browser at the console, as far as HTTP goes: keeps cookies by host, follows redirects, picks
// an account at the development issuer. No script runs in it.
export type Answer = {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
  // Every address on the way, the last one included.
  readonly hops: readonly string[]
}

export type Visitor = {
  readonly cookies: Map<string, string>
  // Every Set-Cookie line that came from the console.
  readonly lines: string[]
  readonly open: (path: string, options?: Ask) => Promise<Answer>
  readonly signIn: (account: string, path?: string) => Promise<Answer>
  // The address that the issuer sends the browser back to, not yet opened.
  readonly callback: (account: string, path?: string) => Promise<string>
  // With the token that shows that it comes from our own page.
  readonly send: (method: string, path: string, body?: unknown, more?: Headers0) => Promise<Answer>
}

type Headers0 = Readonly<Record<string, string>>

export type Ask = {
  readonly method?: string
  readonly headers?: Headers0
  readonly body?: string
  // How many redirects are followed; the answer to the next one is given as it is.
  readonly hops?: number
}

export function visitor(base: string): Visitor {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (url: string): Map<string, string> => {
    const { host } = new URL(url)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    return jar
  }
  const lines: string[] = []
  const load = async (url: string, ask: Ask = {}): Promise<Answer> => {
    let at = new URL(url, base).href
    let { method = 'GET', body } = ask
    const hops = [at]
    for (;;) {
      const jar = jarOf(at)
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, {
        redirect: 'manual',
        method,
        headers: { accept: 'text/html,*/*', ...ask.headers, ...(cookie === '' ? {} : { cookie }) },
        ...(body === undefined ? {} : { body }),
      })
      for (const line of response.headers.getSetCookie()) {
        if (at.startsWith(base)) lines.push(line)
        const [pair = ''] = line.split(';')
        const [name = '', value = ''] = [
          pair.slice(0, pair.indexOf('=')),
          pair.slice(pair.indexOf('=') + 1),
        ]
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null || hops.length > (ask.hops ?? 10)) {
        const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
        return { url: at, status: response.status, headers: response.headers, text, json, hops }
      }
      at = new URL(location, at).href
      hops.push(at)
      method = 'GET'
      body = undefined
    }
  }
  const picked = async (account: string, path: string, hops: number): Promise<Answer> => {
    const page = await load(`${base}${path}`)
    if (!page.text.includes(`value="${account}"`)) return page
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const ask = { method: 'POST', headers: form, hops }
    const answer = await load(page.url, { ...ask, body: `account=${account}` })
    // The issuer ends who was signed in before by a form that sends itself.
    const action = /document\.forms\[0\]\.submit[\s\S]*action="([^"]+)"/.exec(answer.text)?.[1]
    if (action === undefined) return answer
    const fields = new URLSearchParams()
    for (const [, name = '', value = ''] of answer.text.matchAll(
      /<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g,
    )) {
      fields.set(name, value)
    }
    return load(action, { ...ask, body: fields.toString() })
  }
  let csrf = ''
  return {
    cookies: jarOf(base),
    lines,
    open: (path, options) => load(path.startsWith('http') ? path : `${base}${path}`, options),
    async signIn(account, path = '/auth/login') {
      const answer = await picked(account, path, 10)
      csrf = String((await load(`${base}/api/me`)).json['csrf'])
      return answer
    },
    async callback(account, path = '/auth/login') {
      const answer = await picked(account, path, 1)
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`no way back from ${answer.url}: ${answer.text}`)
      return new URL(location, answer.url).href
    },
    send: (method, path, body, more = {}) =>
      load(`${base}${path}`, {
        method,
        headers: {
          'x-csrf-token': csrf,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...more,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}
