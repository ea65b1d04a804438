// The policies in force and what is known of them: each change of `serving.ts` made here, one at a time, so
// that nothing is in force that is not kept, written down and told.
import { createHash } from 'node:crypto'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { GatewayError } from '../../errors.js'
import { examined, kept, type Examined } from './activation.js'
import { before, chosen, whyNotNext, withActivated, type Activated } from './history.js'
import { SERVING_LIMITS } from './limits.js'
import { bounded, notTaken, problemOf, timeOf } from './refusal.js'
import type { Refused, ServingEvent, ServingOptions, ServingStatus, WhyNot } from './serving.js'
import type { Offer } from './source.js'
import { readStanding, writeStanding, type Pin, type Standing } from './standing.js'

export class ServedPolicies {
  readonly #options: ServingOptions
  #standing: Standing
  #policy: Policy | undefined
  #signers: readonly string[] | undefined
  #sinceMs = 0
  #examinations = 0
  // Of the bytes that were last dealt with: the same again are no news.
  #dealtWith = ''
  #offeredAt = 0
  #refused: Refused | undefined
  #behindSinceMs: number | undefined
  #writtenMs = 0

  constructor(options: ServingOptions) {
    this.#options = options
    const place = options.source.place
    const known = readStanding(options.file)
    this.#standing = known ?? { version: 1, source: place, contact_ms: 0, history: [] }
  }

  async begin(): Promise<void> {
    const { pin } = this.#standing
    if (pin !== undefined) return this.#held(pin)
    const problem = await this.#looked(undefined)
    if (this.#policy === undefined) await this.#lastGood(problem)
  }

  current(): Policy {
    if (this.#policy === undefined) throw new Error('there is no policy before `begin`')
    return this.#policy
  }

  ageMs(): number {
    const { clock, source } = this.#options
    const since = source.kind === 'server' ? this.#standing.contact_ms : this.#behindSinceMs
    return since === undefined ? 0 : Math.max(0, clock.now() - since)
  }

  status(): ServingStatus {
    const { source } = this.#options
    const policy = this.current()
    const { pin, history } = this.#standing
    return {
      source: source.place,
      kind: source.kind,
      active: {
        ...this.#entry(policy),
        since_ms: this.#sinceMs,
        fuel: policy.smokeFuel ?? 0,
        signers: this.#signers ?? null,
      },
      age_ms: this.ageMs(),
      refused: this.#refused ?? null,
      pin: pin ?? null,
      history,
    }
  }

  async reload(): Promise<boolean> {
    const { id } = this.current()
    this.#dealtWith = ''
    await this.#looked(undefined)
    return this.current().id !== id
  }

  async activate(by: string): Promise<void> {
    const { pin } = this.#standing
    if (pin !== undefined) {
      throw new GatewayError(
        'conflict',
        `the policies are held at ${pin.digest} by ${pin.by} since ${timeOf(pin.at_ms)}; ` +
          '“sallyport policy pin --off” follows the source again',
      )
    }
    this.#dealtWith = ''
    const problem = await this.#looked(by)
    if (problem !== undefined) throw notTaken(problem)
  }

  async rollback(by: string, reason: string, whyNot?: WhyNot): Promise<void> {
    const { history } = this.#standing
    const wanted = before(history, this.current().digest)
    if (wanted === undefined) {
      throw new GatewayError('conflict', 'no other bundle was in force before this one')
    }
    await this.#hold(wanted, by, reason, whyNot)
    this.#options.onEvent({ event: 'rolled_back', bundle: wanted.digest, reason, by })
  }

  async pin(by: string, wanted: string, reason: string): Promise<void> {
    const entry = chosen(this.#standing.history, wanted)
    await this.#hold(entry, by, reason)
    this.#options.onEvent({ event: 'pinned', bundle: entry.digest, reason, by })
  }

  async unpin(by: string, reason: string): Promise<void> {
    const { pin, ...rest } = this.#standing
    if (pin === undefined) throw new GatewayError('conflict', 'the policies are not held')
    this.#write(rest)
    this.#options.onEvent({ event: 'unpinned', bundle: pin.digest, reason, by })
    this.#dealtWith = ''
    await this.#looked(by)
  }

  // What was held or was there before is what the source has as well.
  unchanged(): void {
    if (this.#refused === undefined || this.#refused.step === 'download') this.#upToDate()
  }

  // The problem, where it was not taken. Never rejects.
  async offered(offer: Offer, by: string | undefined): Promise<BundleProblem | undefined> {
    const { bytes, at } = offer
    if (at < this.#offeredAt) return undefined
    this.#offeredAt = at
    if (this.#standing.pin !== undefined) {
      this.#upToDate()
      return undefined
    }
    const sum = createHash('sha256').update(bytes).digest('hex')
    if (sum === this.#dealtWith) {
      this.unchanged()
      return undefined
    }
    try {
      const found = await this.#examined(bytes, this.#options.clock.now())
      if (found.policy.digest !== this.#policy?.digest) this.#follow(found, by)
      this.#dealtWith = sum
      this.#upToDate()
      return undefined
    } catch (problem) {
      return this.refuse(problem, by, sum)
    }
  }

  failed(problem: unknown, at: number): void {
    if (at >= this.#offeredAt) this.refuse(problem, undefined, '')
  }

  // Told once, however often the same is tried again.
  refuse(problem: unknown, by: string | undefined, sum: string): BundleProblem {
    const { clock } = this.#options
    const why = problemOf(problem)
    const reason = bounded(why.message)
    const isKnown = this.#refused?.step === why.step && this.#refused.reason === reason
    this.#refused = { step: why.step, reason, at_ms: clock.now() }
    this.#behindSinceMs ??= clock.now()
    // A bundle that could not be kept is tried again.
    if (sum !== '' && why.step !== 'keep') this.#dealtWith = sum
    if (!isKnown || by !== undefined) {
      const who = by === undefined ? {} : { by }
      this.#options.onEvent({ event: 'refused', step: why.step, reason, ...who })
    }
    return why
  }

  async #looked(by: string | undefined): Promise<BundleProblem | undefined> {
    try {
      return await this.offered(await this.#options.source.look(), by)
    } catch (problem) {
      return this.refuse(problem, by, '')
    }
  }

  #examined(bytes: Uint8Array, atMs: number): Promise<Examined> {
    this.#examinations++
    return examined(bytes, this.#options, this.#examinations, atMs)
  }

  #follow(found: Examined, by: string | undefined): void {
    const { history } = this.#standing
    const entry = this.#entry(found.policy)
    const { source, olderMayReturn } = this.#options
    // A folder is built here: the same commit may give other bytes under another version of ours.
    const why = source.kind === 'folder' ? undefined : whyNotNext(history, entry, olderMayReturn)
    if (why !== undefined) throw new BundleProblem('lineage', why)
    const standing = { ...this.#standing, history: withActivated(history, entry) }
    this.#put(found, standing, by === undefined ? {} : { by })
  }

  async #hold(wanted: Activated, by: string, reason: string, whyNot?: WhyNot): Promise<void> {
    const pin = { digest: wanted.digest, by, reason, at_ms: this.#options.clock.now() }
    if (wanted.digest === this.current().digest) return this.#write({ ...this.#standing, pin })
    try {
      const found = await this.#restored(wanted)
      const why = whyNot?.(found.policy)
      if (why !== undefined) throw new GatewayError('not_allowed', why)
      this.#put(found, { ...this.#standing, pin }, { by, reason })
    } catch (problem) {
      if (problem instanceof GatewayError && problem.code === 'not_allowed') throw problem
      throw notTaken(this.refuse(problem, by, ''))
    }
  }

  // From what is kept beside the record, examined like any other. Its signatures had to hold when it came.
  async #restored(wanted: Pick<Activated, 'digest' | 'at_ms'>) {
    const bytes = this.#options.keptBytes(wanted.digest)
    if (bytes === undefined) {
      throw new BundleProblem('download', `the bundle ${wanted.digest} is no longer kept`)
    }
    const found = await this.#examined(bytes, wanted.at_ms)
    if (found.policy.digest === wanted.digest) return found
    throw new BundleProblem('archive', `the kept bundle ${wanted.digest} was changed`)
  }

  async #held(pin: Pin): Promise<void> {
    const known = this.#standing.history.findLast(({ digest }) => digest === pin.digest)
    try {
      const found = await this.#restored(known ?? pin)
      this.#put(found, this.#standing, { reason: `held by ${pin.by}: ${pin.reason}` })
    } catch (problem) {
      const why = this.refuse(problem, undefined, '')
      throw new GatewayError(
        'bundle_invalid',
        `the policies are held at ${pin.digest} by ${pin.by}, and that bundle cannot be used: ` +
          `${why.message}; remove ${this.#options.file} to follow the source again`,
        { cause: why },
      )
    }
  }

  // The source gave nothing usable. In a folder somebody is at work and wants to be told; elsewhere what
  // was in force goes on.
  async #lastGood(problem: BundleProblem | undefined): Promise<void> {
    const { source } = this.#options
    const { active, history, contact_ms: contactMs } = this.#standing
    const known = history.findLast(({ digest }) => digest === active)
    const cause = problem?.cause
    const refused =
      cause instanceof GatewayError
        ? cause
        : new GatewayError('bundle_invalid', problem?.message ?? '', { cause: problem })
    if (source.kind === 'folder' || known === undefined) throw refused
    if (this.#standing.source !== source.place) throw refused
    const found = await this.#restored(known)
    const reason = bounded(`the last good one; the source: ${problem?.message ?? ''}`)
    this.#behindSinceMs = contactMs
    this.#put(found, this.#standing, { reason })
  }

  // Kept and written down first, in force then.
  #put(found: Examined, standing: Standing, about: Pick<ServingEvent, 'by' | 'reason'>): void {
    const { policy, signers } = found
    kept(found, this.#options)
    this.#write({ ...standing, source: this.#options.source.place, active: policy.digest })
    this.#policy = policy
    this.#signers = signers
    this.#sinceMs = this.#options.clock.now()
    const { digest: bundle, wasmDigest: wasm, revision } = policy
    const signed = signers === undefined ? {} : { signers }
    this.#options.onEvent({ event: 'activated', bundle, wasm, revision, ...signed, ...about })
    this.#options.onActivated(policy)
  }

  #upToDate(): void {
    const now = this.#options.clock.now()
    this.#refused = undefined
    this.#behindSinceMs = undefined
    this.#standing = { ...this.#standing, contact_ms: now }
    if (now - this.#writtenMs < SERVING_LIMITS.contactWriteMs) return
    try {
      this.#write(this.#standing)
    } catch {
      // Only the time is lost; what must not be lost is written elsewhere, and fails there.
      this.#writtenMs = now
    }
  }

  #write(standing: Standing): void {
    try {
      writeStanding(this.#options.file, standing)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BundleProblem('keep', `${this.#options.file} cannot be written: ${why}`, { cause })
    }
    this.#standing = standing
    this.#writtenMs = this.#options.clock.now()
  }

  #entry({ digest, contentDigest, revision }: Policy): Activated {
    const atMs = this.#options.clock.now()
    const known = this.#standing.history.findLast((one) => one.digest === digest)
    return known ?? { digest, content: contentDigest ?? digest, revision, at_ms: atMs }
  }
}
