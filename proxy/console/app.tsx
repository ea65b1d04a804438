// The console in the browser: who is signed in decides whether there is a page at all, the address which.
import { render } from 'preact'
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { askWho, signIn } from './api/viewer.js'
import { ApprovalPage } from './pages/approval-page.js'
import { AskAccessPage } from './pages/ask-access-page.js'
import { DelegationsPage } from './pages/delegations-page.js'
import { ApprovalsPage } from './pages/approvals-page.js'
import { NotFoundPage } from './pages/not-found-page.js'
import { GrantsPage } from './pages/grants-page.js'
import { HealthPage } from './pages/health-page.js'
import { PoliciesPage } from './pages/policies-page.js'
import { PolicyDiffPage } from './pages/policy-diff-page.js'
import { RulesPage } from './pages/rules-page.js'
import { ShadowPage } from './pages/shadow-page.js'
import { TargetsPage } from './pages/targets-page.js'
import { TryPage } from './pages/try-page.js'
import { SearchPage } from './pages/search-page.js'
import { SessionPage } from './pages/session-page.js'
import { SessionsPage } from './pages/sessions-page.js'
import { SignInPage } from './pages/sign-in-page.js'
import { WhoCanPage } from './pages/who-can-page.js'
import { Loading } from './parts/notes.js'
import { Frame } from './shell/frame.js'
import { PageGuard } from './shell/page-guard.js'
import { listenForKeys } from './shell/keys.js'
import { applyTheme } from './shell/theme.js'

function Console() {
  const { path, query, route } = useLocation()
  const now = signIn.value
  const entering = path === '/' || (path === '/sign-in' && now.state === 'in')
  useEffect(() => {
    if (now.state !== 'in' || !entering) return
    const next = query['next'] ?? ''
    route(/^\/(?![/\\])/.test(next) ? next : '/approvals', true)
  }, [now.state, entering])
  if (now.state === 'asking') return <Loading what="the console" rows={3} />
  if (now.state !== 'in') return <SignInPage state={now} />
  return (
    <Frame>
      <PageGuard key={path}>
        <Router>
          <Route path="/" component={Nothing} />
          <Route path="/sign-in" component={Nothing} />
          <Route path="/approvals" component={ApprovalsPage} />
          <Route path="/approvals/access" component={GrantsPage} />
          <Route path="/approvals/ask" component={AskAccessPage} />
          <Route path="/approvals/delegations" component={DelegationsPage} />
          <Route path="/approvals/:id" component={ApprovalPage} />
          <Route path="/sessions" component={SessionsPage} />
          <Route path="/sessions/:id" component={SessionPage} />
          <Route path="/search" component={SearchPage} />
          <Route path="/policies" component={PoliciesPage} />
          <Route path="/policies/rules" component={RulesPage} />
          <Route path="/policies/shadow" component={ShadowPage} />
          <Route path="/policies/diff" component={PolicyDiffPage} />
          <Route path="/try" component={TryPage} />
          <Route path="/who-can" component={WhoCanPage} />
          <Route path="/targets" component={TargetsPage} />
          <Route path="/health" component={HealthPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </PageGuard>
    </Frame>
  )
}

function Nothing() {
  return null
}

applyTheme()
listenForKeys()
void askWho()
render(
  <LocationProvider>
    <ErrorBoundary>
      <Console />
    </ErrorBoundary>
  </LocationProvider>,
  document.getElementById('console') ?? document.body,
)
