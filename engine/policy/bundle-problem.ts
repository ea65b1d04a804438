// Why a bundle cannot be used, and at which step of its activation that was found. The steps stand in
// records and answers, in the order in which they are taken.
export const BUNDLE_STEPS = [
  // Outside of the engine: the bytes are fetched and built, and their signatures verified.
  'download',
  'build',
  'signatures',
  'archive',
  'contents',
  'roots',
  'schema',
  'abi',
  'builtins',
  'data',
  'probe',
  'cost',
  'invariants',
  // Beside what was active before: its revision, its age, and whether it can be kept.
  'lineage',
  'keep',
] as const

export type BundleStep = (typeof BUNDLE_STEPS)[number]

export class BundleProblem extends Error {
  readonly step: BundleStep
  constructor(step: BundleStep, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'BundleProblem'
    this.step = step
  }
}

// What `work` throws becomes a problem of this step, unless it names its own.
export function atStep<T>(step: BundleStep, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof BundleProblem) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BundleProblem(step, why, { cause })
  }
}
