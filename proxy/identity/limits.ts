// Every bound that a token or an issuer meets, with its reason. An issuer is trusted to say who
// somebody is, and for nothing else: it may be slow, huge, wrong or taken over.
export const IDENTITY_LIMITS = {
  // A token with 200 groups is about 8 KiB; PostgreSQL's own password message stops at 64 KiB.
  tokenBytes: 16_384,
  // RFC 8693 chains and structured claims nest a few levels; deeper is an attack on the reader.
  jsonDepth: 16,
  // Members and elements in one header, payload or issuer document.
  jsonValues: 8_192,
  // OpenID Connect Core 2: `sub` must not exceed 255 characters.
  subjectCharacters: 255,
  nameCharacters: 255,
  groups: 512,
  groupCharacters: 256,
  // Agents that act for agents: more hops than this nobody can review.
  actors: 8,
  forwardedCharacters: 1_024,
  // Discovery and JWKS documents of the large providers are under 20 KiB.
  documentBytes: 262_144,
  issuerTimeoutMs: 5_000,
  keys: 64,
  // Larger moduli and exponents make one verification cost seconds.
  rsaBitsMin: 2_048,
  rsaBitsMax: 8_192,
  rsaExponentBytes: 4,
  // How long a fetched key set is used before it is fetched anew: the time that a key which the
  // issuer withdrew still counts.
  keysFreshMs: 300_000,
  // A key id that is not known leads to one fetch in this time, whoever asks and however often.
  unknownKeyRefetchMs: 30_000,
  // After a failed fetch nobody waits for the issuer again before this has passed.
  failedRetryMs: 5_000,
  // Verified tokens kept, so that a burst of connections costs one signature check.
  verifiedTokens: 4_096,
  // RFC 7662: a token in use is asked about at most this often …
  introspectEveryMs: 30_000,
  // … unless the last answer was missing.
  introspectRetryMs: 10_000,
  // An answer older than this is no answer: what bounds the effect of a revocation.
  introspectStaleMs: 60_000,
  introspectTickMs: 2_500,
  // Questions to one issuer at the same time.
  introspectParallel: 8,
  // Tokens watched per issuer.
  watchedTokens: 20_000,
} as const
