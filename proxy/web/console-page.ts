// The page for people: what waits for approval, who wants it, where, why, and the two answers. The page
// itself holds nothing; its script asks the API with the token that the approver pastes. Its policy lets
// run exactly that script and that style, and talk to this origin alone.
import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { CONSOLE_SCRIPT } from './console-script.js'

const STYLE = `
:root { color-scheme: light dark; --line: #8883; --soft: #8881; --ok: #1a7f4b; --bad: #b3261e }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 54rem; padding: 2rem 1rem 4rem; font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; margin: 0 } h1 span { color: #888; font-weight: 400 }
form { display: flex; gap: .5rem; margin: 1rem 0 0 }
input { flex: 1; min-width: 0; padding: .45rem .7rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--soft); color: inherit; font: inherit }
button { padding: .45rem 1rem; border: 0; border-radius: .4rem; font: inherit; font-weight: 600;
  color: #fff; background: #3b5bdb; cursor: pointer }
button:disabled { opacity: .5 }
button.approve { background: var(--ok) } button.deny { background: var(--bad) }
:focus-visible { outline: 2px solid #3b5bdb; outline-offset: 2px }
#said { min-height: 1.5em; margin: .8rem 0 0 } .bad { color: var(--bad) }
article { margin: 1rem 0; padding: 1rem 1.2rem; border: 1px solid var(--line); border-radius: .7rem }
article header { display: flex; flex-wrap: wrap; gap: .35rem; align-items: baseline }
article time { margin-left: auto; color: #888; font-variant-numeric: tabular-nums }
.label { padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .85em }
pre { margin: .8rem 0; padding: .8rem 1rem; border-radius: .4rem; background: var(--soft);
  white-space: pre-wrap; overflow-wrap: anywhere; max-height: 22rem; overflow: auto }
pre, code { font-family: ui-monospace, monospace; font-size: .92em }
article p { margin: .3rem 0 } .rule code, .effects { color: #888 } .effects { font-size: .9em }
.command { display: block; margin-top: .6rem; color: #888; user-select: all }
`

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport</title>
<style>${STYLE}</style>
<h1>Sallyport <span>commands that wait for approval</span></h1>
<form id="who" autocomplete="off">
<input id="token" type="password" autocomplete="off" required placeholder="your token, as “sallyport token” prints it" aria-label="token">
<button>Show</button>
</form>
<p id="said" role="status"></p>
<main id="list"></main>
<p id="none" hidden>Nothing waits that you may see.</p>
<noscript>This page needs its script. In a terminal: <code>sallyport approvals list</code></noscript>
<script>${CONSOLE_SCRIPT}</script>
</html>
`

const POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${hash('sha256', CONSOLE_SCRIPT, 'base64')}'`,
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  // Forms are answered by the script; a submission must never carry the token into an address.
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function addConsole(app: FastifyInstance): void {
  app.get('/', { schema: { response: { 200: { type: 'string' } } } }, async (_request, reply) =>
    reply
      .header('content-security-policy', POLICY)
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(page),
  )
}
