// The way in: one button, to the identity provider that everybody uses for the databases as well.
import { useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import type { SignIn } from '../api/viewer.js'

export function SignInPage({ state }: { readonly state: SignIn }) {
  const { url, query } = useLocation()
  const came = query['sign_in'] ?? ''
  const next = url.startsWith('/sign-in') || came !== '' ? (query['next'] ?? '/approvals') : url
  useEffect(() => {
    document.title = 'Sign in · Sallyport'
  }, [])
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <img src="/assets/icon.svg" width="48" height="48" alt="" />
        <h1>Sallyport</h1>
        {state.state === 'failed' ? (
          <p class="problem-words" role="alert">
            {state.words}
          </p>
        ) : (
          <p class="muted" role="status">
            {state.state === 'out' && state.before
              ? 'Your sign-in has ended. Sign in again to go on where you were.'
              : (CAME[came] ?? 'Approve what agents ask for, and watch what was done.')}
          </p>
        )}
        <a
          class="button button-primary button-big"
          href={`/auth/login?next=${encodeURIComponent(next)}`}
          target="_top"
        >
          Sign in
        </a>
        <p class="fine muted">
          With your identity provider; in a terminal, <code>sallyport login</code>.
        </p>
      </div>
    </main>
  )
}

// What became of the last attempt, as the gateway says it in the address.
const CAME: Readonly<Record<string, string>> = {
  denied: 'The identity provider did not let you in, or you said no.',
  expired: 'That took too long, or began in another window. Try again.',
  failed: 'What the identity provider sent could not be used. Its operators find why in the log.',
  unreachable: 'The identity provider does not answer. Try again in a moment.',
}
