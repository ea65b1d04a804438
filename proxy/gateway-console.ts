// What the web listener needs beyond the parts of the gateway: the list of sessions with what was recorded
// before, the news, the console's sign-in at its issuer, and its files where it was built.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Clock } from './clock.js'
import type { Settings } from './config/settings.js'
import { groupsOfBundle } from './gateway-bundles.js'
import { gatewayFilms } from './gateway-films.js'
import { gatewaySearch } from './gateway-search.js'
import { createNews, watchedRecorder, type News } from './gateway-news.js'
import type { GatewayTargets } from './gateway-targets.js'
import { createTrials } from './gateway-trial.js'
import { createHealthView, policyViews, targetViews, type ViewParts } from './gateway-views.js'
import { createCodeFlow } from './identity/code-flow.js'
import type { Identity } from './identity/identity.js'
import type { Log } from './log.js'
import type { Metrics, Readings } from './metrics.js'
import { rememberingRecorder } from './recent-commands.js'
import { recordLines } from './recording/read-record.js'
import type { Recorder } from './recording/recorder.js'
import type { Recordings } from './recordings/film.js'
import { createSessionList, type SessionList } from './session-list.js'
import { readConsole } from './web/console-files.js'
import { WEB_LIMITS } from './web/limits.js'
import type { WebOptions } from './web/server.js'

export type GatewayConsole = {
  // Everything that is recorded goes through it.
  readonly recorder: Recorder
  readonly news: News
  readonly sessions: SessionList
  readonly web: (parts: ConsoleWebParts) => ConsoleWeb
  // Reads what was recorded before, beside everything else.
  readonly start: () => void
  // For the metrics; nothing where no index is kept.
  readonly readings: Pick<Readings, 'searchBehindBytes' | 'searchBehindMs' | 'searchBytes'>
  readonly close: () => Promise<void>
}

export type ConsoleWeb = Required<
  Pick<WebOptions, 'trials' | 'health' | 'policy' | 'film' | 'recordedSession'>
> &
  Pick<
    WebOptions,
    | 'sessions'
    | 'news'
    | 'recent'
    | 'targetOf'
    | 'endSession'
    | 'mayOperate'
    | 'onStream'
    | 'activePolicy'
    | 'targets'
  > &
  Pick<WebOptions, 'console' | 'files' | 'search'>

export type ConsoleWebParts = Pick<
  ViewParts,
  'policies' | 'catalogues' | 'open' | 'holds' | 'version'
> & {
  readonly targets: () => GatewayTargets
  // Absent: nothing but the record is kept.
  readonly recordings: Recordings | undefined
  readonly metrics: Pick<Metrics, 'signedIn' | 'signInEnded' | 'streamed' | 'incident'>
}

// Newest sessions whose groups are asked about.
const GROUPS_SEEN = 1_000

// Between two looks at whether the record can be written.
const LOOK_MS = 1_000

export function gatewayConsole(
  settings: () => Settings,
  written: Recorder,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): GatewayConsole {
  const news = createNews(WEB_LIMITS.streamEveryMs)
  const sessions = createSessionList()
  const watched = watchedRecorder(written, sessions, news, clock)
  const { recorder, recent } = rememberingRecorder(watched, clock)
  const search = gatewaySearch(settings().record, log)
  let healthy = true
  const looking = setInterval(() => {
    if (recorder.healthy() !== healthy) news.tell({ topic: 'health', id: 'record' })
    healthy = recorder.healthy()
  }, LOOK_MS).unref()
  return {
    recorder,
    news,
    sessions,
    start: () => {
      sessions.read(recordLines(settings().record.directory)).catch((err: unknown) => {
        log.warn(
          { err },
          'the list of sessions lacks those of before: the record could not be read',
        )
      })
    },
    readings:
      search === undefined
        ? {}
        : {
            searchBehindBytes: () => search.status().behindBytes,
            searchBehindMs: () => search.status().behindMs,
            searchBytes: () => search.status().bytes,
          },
    close: async () => {
      clearInterval(looking)
      news.close()
      await search?.close()
    },
    web: (parts) => consoleWeb(parts),
  }

  function consoleWeb({ metrics, targets, recordings, ...rest }: ConsoleWebParts): ConsoleWeb {
    const { open, policies } = rest
    const policy = policies.current
    const views = { ...rest, settings, recorder, clock }
    const directory = settings().record.directory
    return {
      ...gatewayFilms(directory, recordings, settings().policy.fuel),
      trials: createTrials({
        settings,
        targets,
        policy,
        groups: async () => {
          const inBundle = await groupsOfBundle(directory, policy().digest)
          const seen = sessions
            .all()
            .slice(0, GROUPS_SEEN)
            .flatMap((one) => one.identity.groups)
          return [...new Set([...inBundle, ...groupsOf(settings()), ...seen])].sort()
        },
        clock,
      }),
      targets: () => targetViews(views),
      health: createHealthView(views),
      policy: policyViews(views),
      ...(search === undefined ? {} : { search: search.web(policy) }),
      sessions,
      news,
      recent,
      activePolicy: policy,
      targetOf: (name, database) => {
        const found = settings().targets.find((one) => one.name === name)
        return { name, kind: found?.kind ?? 'postgres', labels: { ...found?.labels }, database }
      },
      endSession: (id, by, reason) => {
        const found = open.all().find(({ session }) => session.id === id)
        if (found === undefined) return false
        const why = reason === '' ? '' : `: ${reason}`
        recorder.incident({ event: 'session_ended', session: id, by: by.key, detail: reason })
        metrics.incident('session_ended')
        log.warn({ session: id, by: by.key, reason }, 'a session was ended by an operator')
        found.end('57P01', `this session was ended by ${nameOf(by)}${why}`)
        return true
      },
      mayOperate: ({ facts }) =>
        facts.groups.some((group) => settings().policy.operators.includes(group)) &&
        policy().mayApprove({ version: 1, verb: 'operate', approver: facts }).allow,
      onStream: metrics.streamed,
      ...consoleOf(settings(), recorder, metrics, { clock, log }),
    }
  }
}

function groupsOf({ targets, policy }: Settings): readonly string[] {
  const accounts = targets.flatMap((target) => target.accounts)
  return [...policy.operators, ...accounts.flatMap(({ groups }) => groups ?? [])]
}

function consoleOf(
  { listeners, issuers }: Settings,
  recorder: Recorder,
  metrics: ConsoleWebParts['metrics'],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Pick<WebOptions, 'console' | 'files'> {
  const { console: wanted, url } = listeners.web
  const issuer = issuers.find((one) => one.issuer === wanted?.issuer)
  if (wanted === undefined || issuer === undefined) return {}
  const { origin } = new URL(url)
  const { clientId, clientSecret, scope, resource, audience, idleMs, absoluteMs } = wanted
  const { maxAgeMs, acr } = wanted.stepUp
  return {
    ...filesOf(log),
    console: {
      flow: createCodeFlow(
        {
          issuer,
          clientId,
          clientSecret,
          redirectUri: `${origin}/auth/callback`,
          scope,
          resource,
          audience,
        },
        clock,
      ),
      origin,
      idleMs,
      absoluteMs,
      stepUp: { maxAgeMs, ...(acr === undefined ? {} : { acr }) },
      onSignIn: (outcome, who, address) => {
        metrics.signedIn(outcome)
        // Anybody can make attempts come to nothing: they are counted and logged, not recorded.
        if (who === undefined) return
        recorder.incident({ event: 'console_signed_in', by: who.key, client_address: address })
        log.info({ by: who.key, address }, 'somebody signed in to the console')
      },
      onSignInEnd: (who, why) => {
        metrics.signInEnded(why)
        recorder.incident({ event: 'console_signed_out', by: who.key, detail: why })
        log.info({ by: who.key, why }, 'a sign-in to the console ended')
      },
    },
  }
}

// Compiled, this file lies in build/proxy; else beside the sources.
function filesOf(log: Log): Pick<WebOptions, 'files'> {
  for (const place of ['../console/', '../build/console/']) {
    const directory = fileURLToPath(new URL(place, import.meta.url))
    if (existsSync(`${directory}index.html`)) return { files: readConsole(directory) }
  }
  log.warn('the console was not built: run `npm run build`')
  return {}
}

function nameOf({ facts }: Identity): string {
  return facts.name === '' ? facts.subject : facts.name
}
