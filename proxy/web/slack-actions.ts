// The buttons in Slack. Slack's signature says that a certain Slack user clicked; the configuration says
// who that is, and nobody else is anybody here. From then on it is the same as an answer by the API: the
// policies and the request's own groups must agree, and the same transition makes one outcome of it.
import type { FastifyInstance } from 'fastify'
import type { Answers } from '../approvals/answers.js'
import { identityKey } from '../approvals/held-request.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { Log } from '../log.js'
import { WEB_LIMITS } from './limits.js'
import { interactionIn, type Interaction } from './slack-payload.js'
import { slackSignatures } from './slack-signature.js'

export type SlackPerson = {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly groups: readonly string[]
}

export type SlackActions = {
  readonly signingSecret: { readonly reveal: () => string }
  // By Slack user id. Asked for each click, so that a reload counts at once.
  readonly person: (user: string) => SlackPerson | undefined
  readonly ask: (about: {
    readonly trigger: string
    readonly verb: 'approve' | 'deny'
    readonly id: string
    readonly required: boolean
  }) => Promise<void>
  // A word that only this user sees.
  readonly say: (channel: string, user: string, words: string) => Promise<void>
  // Where the console shows a request.
  readonly pageOf: (id: string) => string
}

type Parts = { readonly answers: Answers; readonly clock: Clock; readonly log: Log }

export function addSlackActions(app: FastifyInstance, slack: SlackActions, parts: Parts): void {
  const signatures = slackSignatures(slack.signingSecret, parts.clock)
  void app.register((scope, _options, done) => {
    // The signature is over bytes, so they are kept as they came; no other route takes this type.
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: WEB_LIMITS.slackBodyBytes },
      (_request, body, parsed) => parsed(null, body),
    )
    scope.post(
      '/slack/actions',
      {
        bodyLimit: WEB_LIMITS.slackBodyBytes,
        schema: {
          summary: 'clicks in Slack, signed by it',
          tags: ['machines'],
          open: true,
        },
      },
      async (request, reply) => {
        const { body, headers } = request
        if (!Buffer.isBuffer(body)) throw new GatewayError('usage', 'this is no form')
        const signature = headers['x-slack-signature']
        signatures.check({ signature, timestamp: headers['x-slack-request-timestamp'], body })
        const answer = await answered(slack, parts, interactionIn(body))
        return answer === undefined ? reply.send() : reply.send(answer)
      },
    )
    done()
  })
}

// What Slack is answered: nothing, or what to show in the modal.
async function answered(
  slack: SlackActions,
  parts: Parts,
  interaction: Interaction,
): Promise<object | undefined> {
  switch (interaction.kind) {
    case 'click':
      return clicked(slack, parts, interaction)
    case 'reason':
      return submitted(slack, parts, interaction)
    case 'other':
      return undefined
  }
}

async function clicked(
  slack: SlackActions,
  parts: Parts,
  { verb, id, user, channel, trigger }: Extract<Interaction, { kind: 'click' }>,
): Promise<undefined> {
  let words: string | undefined
  try {
    const approver = approverOf(slack, user, id)
    const { reason_required: required } = await parts.answers.one(approver, id)
    if (verb === 'deny' || required) {
      await slack.ask({ trigger, verb, id, required: verb === 'approve' })
    } else words = await settled(parts, { id, verb, approver, reason: '' }, user)
  } catch (problem) {
    words = wordsFor(problem, slack.pageOf(id), parts.log)
  }
  if (words === undefined) return
  // The click is answered whether or not this arrives: Slack waits for three seconds.
  slack.say(channel, user, words).catch((problem: unknown) => {
    parts.log.warn({ err: problem, approval: id }, 'a word to a Slack user did not arrive')
  })
}

async function submitted(
  slack: SlackActions,
  parts: Parts,
  { verb, id, user, reason }: Extract<Interaction, { kind: 'reason' }>,
): Promise<object | undefined> {
  try {
    const approver = approverOf(slack, user, id)
    await settled(parts, { id, verb, approver, reason }, user)
    return undefined
  } catch (problem) {
    const words = wordsFor(problem, slack.pageOf(id), parts.log)
    return { response_action: 'errors', errors: { reason: words.slice(0, 300) } }
  }
}

function approverOf(slack: SlackActions, user: string, id: string): Identity {
  const person = slack.person(user)
  if (person === undefined) {
    const page = `the console (${slack.pageOf(id)}) does, by your sign-in`
    throw new GatewayError('not_allowed', `Slack does not say who you are here; ${page}`)
  }
  const { issuer, subject, name, groups } = person
  return {
    key: identityKey({ issuer, subject }),
    facts: {
      issuer,
      subject,
      name,
      kind: 'human',
      groups: [...groups],
      actor: [],
      // So that policies can tell a click from a sign-in; Slack says nothing about a second factor.
      claims: { slack_user: user },
      mfa: false,
    },
    issuedAtMs: 0,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    standing: () => ({ valid: true }),
  }
}

async function settled(
  { answers, log }: Parts,
  answer: Parameters<Answers['answer']>[0],
  user: string,
): Promise<string> {
  const { id, status, quorum, approvals } = await answers.answer({ ...answer, via: 'slack' })
  log.info({ approval: id, slack_user: user, verb: answer.verb }, 'a request was answered in Slack')
  if (status === 'pending') return `Your approval counts: ${approvals.length} of ${quorum}.`
  return answer.verb === 'approve' ? `You approved request ${id}.` : `You denied request ${id}.`
}

function wordsFor(problem: unknown, page: string, log: Log): string {
  if (problem instanceof GatewayError) {
    const { message } = problem
    return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  }
  log.error({ err: problem }, 'a click in Slack failed')
  return `That did not work. Answer in the console: ${page}`
}
