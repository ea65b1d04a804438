// Every bound of serving policies, with its reason.
export const SERVING_LIMITS = {
  // As it travels; unpacked the engine bounds it again.
  bundleBytes: 64 << 20,
  // Until a server begins to answer, and until the last byte; beside what a long poll waits.
  answerMs: 10_000,
  downloadMs: 30_000,
  // Between two requests, whatever a server answers.
  spacingMs: 250,
  retryMs: 500,
  retryFactor: 1.6,
  retryMsMax: 120_000,
  // Of a delay, so that many gateways do not ask in step.
  jitter: 0.2,
  etagCharacters: 512,
  // Activations remembered: to go back to, and to know a revision or an old bundle again.
  history: 200,
  // How often the time of the last contact is written down.
  contactWriteMs: 60_000,
  reasonCharacters: 500,
} as const
