// A whole gateway from its settings: every part made and handed what it needs, in the order in which
// they lean on each other, and taken down in the reverse order. Nothing is global.
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { exitMasksOf } from '../engine/facts/postgres/exit-masks.js'
import { createReader } from '../engine/facts/postgres/read.js'
import { createApprovals } from './approvals/holds.js'
import { logNotifier } from './approvals/notifier.js'
import { createLedger } from './approvals/notifiers/ledger.js'
import { slackDesk } from './approvals/notifiers/slack-answers.js'
import { notifiersOf } from './approvals/notifiers/ways.js'
import { newRequestId } from './approvals/request-id.js'
import { systemClock } from './clock.js'
import type { Settings, TlsSettings } from './config/settings.js'
import { gatewayPolicies } from './gateway-policies.js'
import { gatewayTargets } from './gateway-targets.js'
import { gatewayRecord } from './gateway-record.js'
import { gatewayRecordings } from './gateway-recordings.js'
import { createGuard } from './guard.js'
import { oidcVerifier } from './identity/oidc.js'
import type { Log } from './log.js'
import { createMetrics } from './metrics.js'
import { createOpenSessions, type OpenSession } from './open-sessions.js'
import { hintFor } from './policies/explain/hint.js'
import { createCancels } from './protocols/postgres/cancel.js'
import { openListener } from './protocols/postgres/listener.js'
import { createRecorder } from './recording/segment-writer.js'
import { openState } from './state/state.js'
import { createCatalogueStore } from './targets/catalogue-store.js'
import type { Listening } from './transport/listen.js'
import { startWeb } from './web/server.js'
import type { OpenSession as WebSession } from './web/sessions-api.js'

export type World = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly version: string
  // Where OPA is kept once it was fetched or built.
  readonly toolCache: string
  // Told when something slow begins.
  readonly progress?: (what: string) => void
  // False: net.Socket in place of raw stream handles.
  readonly rawHandles?: boolean
}

export type Gateway = {
  readonly postgres: readonly { readonly host: string; readonly port: number }[]
  readonly webUrl: string
  // Policies are read again; other changes of the configuration need all parts to agree first.
  readonly reload: (settings: Settings) => Promise<void>
  // No new sessions; open ones may finish within `drainMs`, then they are ended.
  readonly stop: (drainMs?: number) => Promise<void>
}

export async function startGateway(first: Settings, world: World): Promise<Gateway> {
  const { log } = world
  let settings = first
  const undo: (() => Promise<void> | void)[] = []
  const down = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    return await started()
  } catch (problem) {
    await down()
    throw problem
  }

  async function started(): Promise<Gateway> {
    const clock = systemClock
    const { record } = settings
    const recorder = await createRecorder({
      directory: record.directory,
      signingKey: record.signingKey?.reveal(),
      segmentBytes: record.segmentBytes,
      syncMs: record.syncMs,
      checkpointMs: record.checkpointMs,
      version: world.version,
      clock,
      log,
      onHealth: (healthy, reason) =>
        healthy
          ? log.info({ reason }, 'the record is written again')
          : log.error({ reason }, 'the record cannot be written'),
    })
    undo.push(() => recorder.close())
    const metrics = createMetrics(
      {
        sessions: () => sessions.count(),
        holds: () => approvals.pending(),
        recordLag: () => recorder.lag(),
        recordHealthy: () => recorder.healthy(),
        catalogueAgesMs: () => catalogues.ages(),
        policyAgeMs: () => policies.ageMs(),
        policyHeld: () => policies.isHeld(),
      },
      { version: world.version },
    )
    const policies = await gatewayPolicies({
      settings: settings.policy,
      directory: record.directory,
      recorder,
      metrics,
      env: world.env,
    const recordings = await gatewayRecordings({
      settings: settings.recordings,
      recorder,
      metrics,
      clock,
      log,
    })
    undo.push(() => recordings?.close())
      toolCache: world.toolCache,
      progress: world.progress ?? ((what) => log.info(what)),
      random: Math.random,
      clock,
      log,
    })
    undo.push(() => policies.close())
    const state = await openState(
      settings.state.kind === 'sqlite'
        ? settings.state
        : { kind: 'postgres', url: settings.state.url.reveal() },
      log,
    )
    undo.push(() => state.close())
    const approvals = await createApprovals({
      state,
      recorder,
      notifiers: [
        logNotifier(log),
        ...notifiersOf(settings.approvals, settings.listeners.web.url, {
          clock,
          log,
          random: Math.random,
          ledger: createLedger(state),
          onNotice: metrics.noticed,
        }),
      ],
      policy: policies.current,
      clock,
      limits: settings.limits,
      selfApproval: settings.approvals.selfApproval,
      randomId: newRequestId,
      log,
    })
    undo.push(() => approvals.close())
    let identities = oidcVerifier(settings.issuers, { clock })
    undo.push(() => identities.close())
    const catalogues = createCatalogueStore({
      labels: () => policies.current().labels,
      refreshMs: (target) =>
        settings.targets.find(({ name }) => name === target)?.catalogue.refreshMs ?? 15_000,
      clock,
      log,
    })
    undo.push(() => catalogues.close())
    const sessions = createOpenSessions({
      clock,
      recorder,
      limits: () => settings.limits,
      newId: randomUUID,
      onOpened: metrics.sessionOpened,
      onRefused: metrics.sessionRefused,
      onClosed: approvals.sessionEnded,
    })
    const guard = createGuard({
      clock,
      policy: policies.current,
      freshness: policies.freshness,
      recorder,
      approvals,
      durability: record.durability,
      exitMasksOf,
      hintFor,
      onDecision: metrics.decided,
      onRefusal: metrics.refused,
      onHold: metrics.holdSettled,
      ...(policies.observe === undefined ? {} : { onSettled: policies.observe }),
      ...(recordings === undefined ? {} : { recordings }),
      onInternal: (problem) => log.error({ problem }, 'the guard failed; the command was denied'),
    })
    const reader = await createReader()
    let targets = gatewayTargets(settings, catalogues)
    const verify = (token: string): ReturnType<typeof identities.verify> => identities.verify(token)
    const listenerParts = {
      clock,
      verify,
      issuer: settings.issuers[0]?.issuer ?? '',
      destination: (...asked: Parameters<typeof targets.destination>) =>
        targets.destination(...asked),
      cancels: createCancels(randomBytes),
      sessions,
      randomBytes,
      rawHandles: world.rawHandles ?? true,
      handshakeMs: settings.limits.handshakeMs,
      relay: {
        guard,
        clock,
        policy: policies.current,
        read: reader.read,
      ...(recordings === undefined ? {} : { tapeFor: recordings.tapeFor }),
        maskKey: randomBytes(32),
        log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) =>
          log[level](fields, message),
        onIncident: (event: string, session: string, command: number, detail: string) => {
          recorder.incident({ event, session, command, detail })
          metrics.incident(event)
        },
        limits: settings.limits,
      },
    }
    const listening: Listening[] = []
    undo.push(() => Promise.all(listening.map((one) => one.close())).then(() => undefined))
    for (const { tls, authentication, ...listener } of settings.listeners.postgres) {
      listening.push(
        await openListener(
          { ...listener, tls: contextOf(tls), method: authentication },
          listenerParts,
        ),
      )
    }
    const { tls, address, url } = settings.listeners.web
    const { slack } = settings.approvals
    const web = await startWeb({
      ...address,
      ...(tls === undefined ? {} : { tls: pemOf(tls) }),
      verify,
      approvals,
      policy: policies.operations,
      ...(slack === undefined
        ? {}
        : { slack: slackDesk(slack, url, () => settings.approvals.slack?.users ?? {}) }),
      sessions: () => sessions.all().map(openSessionOf),
      metrics,
      readiness: async () => [
        { name: 'record', ok: recorder.healthy() },
        { name: 'state', ok: await state.usable() },
        { name: 'listeners', ok: listening.length === settings.listeners.postgres.length },
      ],
      clock,
      log,
    })
    undo.push(() => web.close())
    return {
      postgres: listening,
        ...(recordings === undefined
          ? []
          : [{ name: 'recordings', ok: recordings.trouble() === undefined }]),
      webUrl: settings.listeners.web.url,
      reload: async (next) => {
        policies.check(next.policy)
        const nextTargets = gatewayTargets(next, catalogues)
        const nextIdentities = oidcVerifier(next.issuers, { clock })
        if (!(await policies.reload(next.policy))) log.info('the policy is as it was')
        identities.retire()
        identities = nextIdentities
        targets = nextTargets
        settings = next
      },
      stop: async (drainMs = settings.limits.drainMs) => {
        for (const one of listening) await one.close()
        const until = clock.now() + drainMs
        while (sessions.count() > 0 && clock.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        for (const { end } of sessions.all()) end('57P01', 'the gateway is stopping')
        await down()
      },
    }
  }
}

function openSessionOf({ session, sinceMs }: OpenSession): WebSession {
  const { id, identity, target, clientAddress, application } = session
  return {
    id,
    key: identity.key,
    identity: identity.facts,
    target: target.name,
    database: target.database,
    clientAddress,
    application,
    openedAtMs: sinceMs,
  }
}

function contextOf(tls: TlsSettings | undefined): SecureContext | undefined {
  if (tls === undefined) return undefined
  const { certificate, key } = pemOf(tls)
  return createSecureContext({ cert: certificate, key })
}

function pemOf({ certificate, key }: TlsSettings): {
  readonly certificate: string
  readonly key: string
} {
  return { certificate: readFileSync(certificate, 'utf8'), key: key.reveal() }
}
