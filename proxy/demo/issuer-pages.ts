// The few pages that a person meets when logging in at the development issuer: the code, the choice of
// an account (there are no passwords: it listens on loopback alone), and the end.
import type { Context } from 'oidc-provider'
import { ACCOUNTS, ACCOUNT_NAMES } from './accounts.js'

export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: .5rem 1rem; margin: .25rem .25rem .25rem 0 }
  input { font: inherit; padding: .5rem; text-transform: uppercase }
  code { font-size: 1.5rem }
</style>
<h1>${title}</h1>${body}</html>`
}

export function accountPage(): string {
  const buttons = ACCOUNT_NAMES.map((name) => {
    const { kind, groups } = ACCOUNTS[name]
    return `<p><button name="account" value="${name}">${name}</button> ${kind}, ${groups.join(', ')}</p>`
  })
  return page('Log in as', `<form method="post">${buttons.join('')}</form>`)
}

export async function codeInput(
  ctx: Context,
  form: string,
  _: unknown,
  error: unknown,
): Promise<void> {
  const words = error === undefined ? 'Enter the code on your screen.' : 'That code is not right.'
  const button = '<button type="submit" form="op.deviceInputForm">Continue</button>'
  ctx.body = page('Log in to Sallyport', `<p>${words}</p>${form}${button}`)
}

export async function codeConfirmation(
  ctx: Context,
  form: string,
  _client: unknown,
  _device: unknown,
  code: string,
): Promise<void> {
  const button = '<button autofocus type="submit" form="op.deviceConfirmForm">It is</button>'
  ctx.body = page(
    'Log in to Sallyport',
    `<p>Is this the code?<p><code>${code}</code>${form}${button}`,
  )
}

export async function done(ctx: Context): Promise<void> {
  ctx.body = page('Logged in', '<p>You can close this page and go back to the terminal.</p>')
}

// The text comes from the request in part.
export async function failure(ctx: Context, out: { readonly error: string }): Promise<void> {
  ctx.type = 'html'
  ctx.body = page('That did not work', `<p>${out.error.replace(/[^a-z_]/g, '')}</p>`)
}
