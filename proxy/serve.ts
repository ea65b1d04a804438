// A whole gateway from its settings: every part made and handed what it needs, in the order in which
// they lean on each other, and taken down in the reverse order. Nothing is global.
import { randomBytes, randomUUID as newId } from 'node:crypto'
import { exitMasksOf } from '../engine/facts/postgres/exit-masks.js'
import { createReader } from '../engine/facts/postgres/read.js'
import { createApprovals } from './approvals/holds.js'
import { logNotifier } from './approvals/notifier.js'
import { createLedger } from './approvals/notifiers/ledger.js'
import { slackDesk } from './approvals/notifiers/slack-answers.js'
import { notifiersOf } from './approvals/notifiers/ways.js'
import { newRequestId } from './approvals/request-id.js'
import { systemClock } from './clock.js'
import type { Settings } from './config/settings.js'
import { gatewayConsole } from './gateway-console.js'
import { breakGlassAlarm, gatewayAccess } from './gateway-access.js'
import { cataloguesOf, gatewayLabels, onApprovals, stateOptions } from './gateway-labels.js'
import { maskSecretOf } from './gateway-masks.js'
import { gatewayPolicies } from './gateway-policies.js'
import { gatewayRecord } from './gateway-record.js'
import { gatewayRecordings, recordingsReloaded } from './gateway-recordings.js'
import { recordingReadiness, recordingReadings } from './gateway-recordings.js'
import { gatewayTelemetry } from './gateway-telemetry.js'
import { gatewayTargets } from './gateway-targets.js'
import { createGuard } from './guard.js'
import { oidcVerifier } from './identity/oidc.js'
import type { Log } from './log.js'
import { createMetrics } from './metrics.js'
import { createOpenSessions } from './open-sessions.js'
import { hintFor } from './policies/explain/hint.js'
import { createCancels } from './protocols/postgres/cancel.js'
import { createConsequences } from './protocols/postgres/consequence.js'
import { openListener } from './protocols/postgres/listener.js'
import { openState } from './state/state.js'
import { createCatalogueStore } from './targets/catalogue-store.js'
import { contextOf, pemOf } from './tls-files.js'
import type { Listening } from './transport/listen.js'
import { startWeb } from './web/server.js'

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
    const kept = await gatewayRecord(record, {
      version: world.version,
      clock,
      log,
      onWitness: (witness, outcome) => metrics.witnessAnswered(witness, outcome),
      onSent: (destination, outcome) => metrics.checkpointSent(destination, outcome),
    })
    const telemetry = gatewayTelemetry(settings, world.version, () => metrics, { clock, log })
    const desk = gatewayConsole(() => settings, telemetry.watched(kept.recorder), { clock, log })
    undo.push(kept.close, telemetry.close, desk.close)
    const { recorder } = desk
    const metrics = createMetrics(
      {
        sessions: () => sessions.count(),
        holds: () => approvals.pending(),
        grants: () => approvals.grantsStanding(),
        recordLag: () => recorder.lag(),
        recordHealthy: () => recorder.healthy(),
        unwitnessed: kept.couriers.witnessLag,
        publishLateMs: kept.couriers.publishLateMs,
        catalogueAgesMs: () => catalogues.ages(),
        policyAgeMs: () => policies.ageMs(),
        policyHeld: () => policies.isHeld(),
        ...recordingReadings(settings, () => recordings),
        signIns: () => web.signedIn(),
        streams: () => web.streams(),
        ...desk.readings,
      },
      { version: world.version },
    )
    const recordings = await gatewayRecordings({
      settings: settings.recordings,
      recorder,
      metrics,
      clock,
      log,
    })
    undo.push(() => recordings?.close())
    const policies = await gatewayPolicies({
      settings: settings.policy,
      directory: record.directory,
      recorder,
      metrics,
      env: world.env,
      toolCache: world.toolCache,
      progress: world.progress ?? ((what) => log.info(what)),
      random: Math.random,
      clock,
      log,
    })
    undo.push(() => policies.close())
    const state = await openState(stateOptions(settings.state), log)
    undo.push(() => state.close())
    // Other gateways on the same store settle requests as well.
    undo.push(onApprovals(state, (id) => desk.news.tell({ topic: 'approval', id })))
    const labels = await gatewayLabels({ state, recorder, metrics, clock, log })
    undo.push(() => labels.close())
    const alarm = breakGlassAlarm(recorder, metrics, log)
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
      onBreakGlass: (approval) => alarm('break_glass', approval),
    })
    undo.push(() => approvals.close())
    let identities = oidcVerifier(settings.issuers, { clock })
    undo.push(() => identities.close())
    const catalogues = createCatalogueStore({
      labels: () => policies.current().labels,
      followed: labels,
      ...cataloguesOf(() => settings),
      clock,
      log,
    })
    undo.push(() => catalogues.close())
    const sessions = createOpenSessions({
      clock,
      recorder,
      limits: () => settings.limits,
      newId,
      onOpened: metrics.sessionOpened,
      onRefused: metrics.sessionRefused,
      onClosed: (id) => [approvals, labels].forEach((one) => one.sessionEnded(id)),
    })
    const guard = createGuard({
      clock,
      policy: policies.current,
      freshness: policies.freshness,
      recorder,
      ...(recordings === undefined ? {} : { recordings }),
      approvals,
      labels,
      durability: record.durability,
      exitMasksOf,
      hintFor,
      onDecision: metrics.decided,
      onRefusal: metrics.refused,
      onHold: metrics.holdSettled,
      ...(policies.observe === undefined ? {} : { onSettled: policies.observe }),
      onInternal: (problem) => log.error({ problem }, 'the guard failed; the command was denied'),
    })
    const reader = await createReader()
    let targets = gatewayTargets(settings, catalogues)
    const verify = (token: string): ReturnType<typeof identities.verify> => identities.verify(token)
    const destination = (...asked: Parameters<typeof targets.destination>) =>
      targets.destination(...asked)
    const access = gatewayAccess({ approvals, guard, sessions, destination, newId, alarm })
    undo.push(access.close)
    const listenerParts = {
      clock,
      verify,
      issuer: settings.issuers[0]?.issuer ?? '',
      destination,
      cancels: createCancels(randomBytes),
      sessions,
      ...(recordings === undefined ? {} : { tapeFor: recordings.tapeFor }),
      randomBytes,
      rawHandles: world.rawHandles ?? true,
      handshakeMs: settings.limits.handshakeMs,
      relay: {
        guard,
        clock,
        policy: policies.current,
        read: reader.read,
        maskKey: maskSecretOf(settings),
        log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) =>
          log[level](fields, message),
        onIncident: (event: string, session: string, command: number, detail: string) => {
          recorder.incident({ event, session, command, detail })
          metrics.incident(event)
        },
        limits: settings.limits,
        consequence: createConsequences(clock, (why) => log.info({ why }, 'held, unseen')).of,
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
      askAccess: access.ask,
      labels: labels.desk,
      ...(slack === undefined
        ? {}
        : { slack: slackDesk(slack, url, () => settings.approvals.slack?.users ?? {}) }),
      ...desk.web({
        open: sessions,
        policies,
        catalogues,
        targets: () => targets,
        holds: () => approvals.pending(),
        recordings,
        version: world.version,
        metrics,
      }),
      version: world.version,
      metrics,
      ...(recordings === undefined ? {} : { keepers: recordings.keepers }),
      readiness: async () => [
        { name: 'record', ok: recorder.healthy() },
        ...recordingReadiness(recordings),
        { name: 'state', ok: await state.usable() },
        { name: 'listeners', ok: listening.length === settings.listeners.postgres.length },
      ],
      clock,
      log,
    })
    undo.push(() => web.close())
    desk.start()
    return {
      postgres: listening,
      webUrl: settings.listeners.web.url,
      reload: async (next) => {
        policies.check(next.policy)
        const filmed = recordingsReloaded(recordings, next.recordings)
        const nextTargets = gatewayTargets(next, catalogues)
        const nextIdentities = oidcVerifier(next.issuers, { clock })
        if (!(await policies.reload(next.policy))) log.info('the policy is as it was')
        identities.retire()
        identities = nextIdentities
        targets = nextTargets
        filmed()
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
