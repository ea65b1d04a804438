// An address to listen on, as the configuration writes it: host:port, with an IPv6 host in brackets.

export type Address = { readonly host: string; readonly port: number }

export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(text.slice(colon + 1)) }
}

// The whole of 127.0.0.0/8 (RFC 1122 §3.2.1.3) and ::1 (RFC 4291 §2.5.3).
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/')
}
