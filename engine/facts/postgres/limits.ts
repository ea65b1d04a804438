// Limits of reading SQL, each with its reason.

export const READING_LIMITS = {
  // Longest text that is read at all. A literal of a megabyte is ordinary; more is bulk data, which
  // belongs into COPY.
  textBytesMax: 4 * 1024 * 1024,
  // Words and signs outside of quotes that are read in the event loop: about 5 µs each to
  // parse and walk, so that one text holds the loop for some 100 ms at most.
  inlineTokensMax: 20_000,
  // The same, where there is no other thread to parse in: some 800 ms, for an INSERT with all 65,535 parameters
  // that the protocol counts.
  inlineTokensMost: 160_000,
  // The same, where parsing is done elsewhere: walking the tree is still ours.
  tokensMax: 200_000,
  // Statements of one message: a script longer than this is sent in parts by every common client.
  statementsMax: 1_000,
  // Levels of the parse tree as JSON; one of SQL is about four. Our readers recurse over it, and
  // Node's stack holds several times as many.
  depthMax: 1_600,
  // The witness is slow on long and on nested texts (2 KB IN list 4 s, 200 parentheses 0.4 s).
  witnessBytesMax: 600,
  witnessDepthMax: 12,
  // Readings of ordinary length kept, in each of two generations; long ones count for several.
  readingsMax: 4_096,
  // Texts longer than this are not kept: a cache of them would be a cache of data.
  cachedBytesMax: 8_192,
  templatesMax: 1_024,
} as const
