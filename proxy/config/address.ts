// An address to listen on, as the configuration writes it: host:port, with an IPv6 host in brackets.

export type Address = { readonly host: string; readonly port: number }

export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(text.slice(colon + 1)) }
}

export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/')
}

// Whether policies come from a server or registry rather than from this machine.
export function isRemote(source: string): boolean {
  return /^(https?|oci|oci\+http):\/\//.test(source)
}
