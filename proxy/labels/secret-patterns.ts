// Secrets by the forms that their makers gave them, so that they can be found: keys, tokens, hashes of passwords.
// A long run of random characters alone is no secret: identifiers and digests are that too.

const LOOKED_AT = 4096

const FORMS: readonly RegExp[] = [
  // RFC 7468 and OpenPGP.
  /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/,
  // Keys of AWS.
  /^(?:AKIA|ASIA)[A-Z2-7]{16}$/,
  // JWS in compact form, RFC 7515: the first part begins with `{"`.
  /^ey[JI][\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}$/,
  // Makers' own prefixes, before enough characters to be random.
  /^gh[pousr]_[A-Za-z0-9]{36,255}$/,
  /^github_pat_\w{40,255}$/,
  /^glpat-[\w-]{20,}$/,
  /^xox[abeoprs]-[\w-]{20,}$/,
  /^(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}$/,
  /^sk-[\w-]{20,}$/,
  /^AIza[\w-]{35}$/,
  /^npm_[A-Za-z0-9]{36}$/,
  /^SG\.[\w-]{16,}\.[\w-]{16,}$/,
  /^dop_v1_[a-f0-9]{64}$/,
  /^hvs\.[\w-]{20,}$/,
  /^shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}$/,
  // Passwords as crypt(3), PostgreSQL and PHC write them.
  /^\$(?:1|5|6|y|2[abxy]|argon2(?:i|d|id)|scrypt|pbkdf2(?:-sha\d{1,3})?)\$\S{16,}$/,
  /^SCRAM-SHA-256\$\d+:\S{16,}$/,
  /^pbkdf2_sha\d{1,3}\$\d+\$\S{16,}$/,
  // An address with a password in it, RFC 3986, 3.2.1.
  /^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{1,128}:[^\s@/]{1,256}@/i,
]

export function isSecret(value: string): boolean {
  const text = value.slice(0, LOOKED_AT).trim()
  return text.length >= 16 && FORMS.some((form) => form.test(text))
}
