// Every bound that a notice meets on its way to people, with its reason.
export const NOTICE_LIMITS = {
  // Between attempts; half of each is fixed, half is chance, so that many gateways do not knock at once.
  // What is longer than the request lives is not waited for.
  pausesMs: [250, 1_000, 4_000, 15_000, 60_000, 120_000, 300_000, 600_000],
  // How an end is told: less urgent, and nobody waits for it.
  settledForMs: 600_000,
  // A receiver may ask for a longer pause (Retry-After); beyond this it is not believed.
  pauseMaxMs: 900_000,
  // Notices waiting for one receiver.
  queue: 1_000,
  // One HTTP attempt. Clients wait for the first that is told.
  httpMs: 3_000,
  // What an API answers is small; no more of it is read.
  answerBytes: 65_536,
  // A mail server may look up names and greylist before it answers.
  mailMs: 10_000,
  mailConnectMs: 5_000,
  // Of the command, in a message; the console page has all of it.
  textCharacters: 2_000,
  lineCharacters: 300,
  rules: 8,
} as const
