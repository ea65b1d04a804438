// What a browser does when somebody logs in at the development issuer: follows redirects, keeps cookies,
// submits the forms. No script runs in it, as none is needed.

type Page = { readonly url: string; readonly text: string }

// `account` undefined: declines.
export async function approveLogin(address: string, account: string | undefined): Promise<string> {
  const jar = new Map<string, string>()
  let page = await load(jar, address)
  // The address holds the code; the form with it submits itself in a real browser.
  page = await submitted(jar, page, {})
  page = await submitted(jar, page, account === undefined ? { abort: 'yes' } : {})
  if (account === undefined) return page.text
  page = await load(jar, page.url, new URLSearchParams({ account }))
  if (!page.text.includes('Logged in')) throw new Error(`the login ended at: ${page.text}`)
  return page.text
}

async function submitted(
  jar: Map<string, string>,
  page: Page,
  more: Readonly<Record<string, string>>,
): Promise<Page> {
  const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1]
  if (action === undefined) throw new Error(`there is no form in: ${page.text}`)
  const fields = new URLSearchParams()
  for (const [input] of page.text.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1]
    const value = /value="([^"]*)"/.exec(input)?.[1]
    if (name !== undefined) fields.set(name, value ?? '')
  }
  for (const [name, value] of Object.entries(more)) fields.set(name, value)
  return load(jar, new URL(action, page.url).href, fields)
}

async function load(jar: Map<string, string>, url: string, form?: URLSearchParams): Promise<Page> {
  let at = url
  let body = form
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie },
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]?.split('=') ?? []
      jar.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) return { url: at, text: await response.text() }
    at = new URL(location, at).href
    body = undefined
  }
  throw new Error('too many redirects')
}
