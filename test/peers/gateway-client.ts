// A connection through a gateway under test to its target `shop`, ended when the test ends.
import pg from 'pg'
import type { TestGateway } from './gateway.js'

export async function gatewayClient(
  t: { readonly teardown: (last: () => Promise<void>) => unknown },
  gateway: TestGateway,
  who: string,
): Promise<pg.Client> {
  const { host, port } = gateway
  const password = await gateway.token(who)
  const client = new pg.Client({ host, port, user: who, password, database: 'shop' })
  await client.connect()
  t.teardown(() => client.end())
  return client
}
