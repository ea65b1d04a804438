// Where a secret may travel without TLS: to this machine itself, and nowhere else.

// RFC 6761 §6.3 keeps `localhost` for loopback; RFC 1122 §3.2.1.3: the whole of 127.0.0.0/8; RFC 4291
// §2.5.3: ::1.
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

// The URL parser has already normalised addresses, so that 127.1 and 0x7f000001 arrive as 127.0.0.1.
export function isLoopbackUrl(url: URL): boolean {
  return isLoopbackHost(url.hostname.replace(/^\[(.*)\]$/, '$1'))
}

// https, or plain http on loopback; nothing that carries a user or password of its own.
export function isAcceptableUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url))
}
