// What the matrix of approvals acts out: a command or a login that waits, how it is looked up in the record
// afterwards, and the policies that make it wait.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type pg from 'pg'
import type { Test } from 'tap'
import { until, type ApprovalsWorld, type Person } from './approvals-world.js'

export type Kind = 'command' | 'session'

export type Held = {
  readonly id: string
  readonly person: Person
  readonly client: pg.Client
  // Resolves with `ran`, or with what the client was told.
  readonly outcome: Promise<unknown>
}

export type Expected = {
  readonly told: unknown
  readonly events: readonly string[]
  readonly ran: boolean
  // Why the record says that it did not go.
  readonly refusal?: RegExp
}

export function begun(kind: Kind, client: pg.Client, { subject }: Person): Promise<unknown> {
  const ended = new Promise<Error>((resolve) => {
    client.once('end', () => resolve(new Error('terminated')))
  })
  const work = async (): Promise<string> => {
    await client.connect()
    if (kind === 'command') await client.query(`insert into ran values ('${subject}')`)
    return 'ran'
  }
  return Promise.race([work().catch((problem: unknown) => problem), ended])
}

// As psql does on Ctrl-C: another connection with the key of this one.
export function cancelled(client: pg.Client): Promise<void> {
  const { processID, secretKey, host, port } = client as unknown as Readonly<
    Record<'processID' | 'secretKey' | 'port', number>
  > & { readonly host: string }
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80_877_102, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.end(request))
    socket.once('close', () => resolve())
    socket.once('error', reject)
  })
}

export async function recorded(
  t: Test,
  kind: Kind,
  world: ApprovalsWorld,
  { subject }: Person,
  { ran, refusal }: Expected,
): Promise<void> {
  const found = await until(`the ${kind} of ${subject} is recorded`, () =>
    world
      .lines(kind)
      .find((line) =>
        kind === 'command'
          ? String(line['text']).includes(subject)
          : JSON.stringify(line['identity'] ?? '').includes(subject),
      ),
  )
  if (kind === 'command') t.equal(found['go'], ran, 'the line of the command')
  else t.equal(found['event'], ran ? 'opened' : 'refused', 'the line of the session')
  const why = found[kind === 'command' ? 'refusal' : 'reason']
  if (refusal !== undefined) t.match(why ?? 'by the decision itself', refusal)
}

// A rule of its own beside the shipped ones: inserts wait, and so does opening a target labelled so.
export const STORY = 'policies/sallyport/policies/story.rego'

export function story({ rule = 'stories/ask', denied = false, open = false } = {}): string {
  return `# What these stories ask for.
package sallyport.policies

_story_terms := {
	"approvers": ["approvers"],
	"quorum": _story_quorum,
	"expires_ms": _story_expiry,
	"reason_required": false,
	"grant_ms": 60000,
}

_story_quorum := 2 if {
	contains(input.identity.subject, "two")
} else := 1

_story_expiry := 1500 if {
	contains(input.identity.subject, "quick")
} else := 60000

_story_asks if {
	${open ? 'false' : 'not startswith(input.identity.subject, "free")'}
}

hold.insert contains {
	"id": "${rule}",
	"message": "an insert is asked for",
	"approval": object.union(_story_terms, {"scope": "command"}),
} if {
	_story_asks
}

hold.any contains {
	"id": "${rule}-open",
	"message": "the target is asked for",
	"approval": object.union(_story_terms, {"scope": "session"}),
} if {
	_story_asks
	input.target.labels.access == "story"
}

deny.any contains {"id": "stories/over", "message": "stories are over"} if {
	${denied ? 'not startswith(input.identity.subject, "free")' : 'false'}
}
`
}

export async function changed(world: ApprovalsWorld, text: string): Promise<void> {
  writeFileSync(join(world.policies, STORY), text)
  await world.reload()
}
