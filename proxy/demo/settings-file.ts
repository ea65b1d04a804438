// Writes the demo's configuration file: an ordinary sallyport.yaml that anybody may read, copy and
// change, with secrets only by reference.

export type DemoPlaces = {
  readonly schema: string
  readonly policies: string
  readonly passwordFile: string
  readonly recordingKeyFile: string
  readonly postgresPort: number
  readonly webPort: number
  readonly issuer: string
  readonly clientSecretFile: string
  readonly targetPort: number
}

export function demoConfig(places: DemoPlaces): string {
  return `# yaml-language-server: $schema=${places.schema}
# Written by npm start; made anew each time.
listeners:
  postgres:
    - address: 127.0.0.1:${places.postgresPort}
      plaintext: loopback
  web:
    address: 127.0.0.1:${places.webPort}
    console: { enabled: true }
issuers:
  - issuer: ${places.issuer}
    audience: sallyport
    client_id: sallyport-gateway
    client_secret: file:${places.clientSecretFile}
    algorithms: [ES256]
    revocation: introspection
targets:
  shop:
    kind: postgres
    host: 127.0.0.1
    port: ${places.targetPort}
    tls: { mode: 'off' }
    labels: { env: prod, owner: retail }
    accounts:
      - user: shop_app
        password: file:${places.passwordFile}
policy:
  source: ${places.policies}
record:
  directory: record
  checkpoint_ms: 1000
recordings:
  directory: recordings
  key: file:${places.recordingKeyFile}
  retention_days: 90
state:
  file: state.sqlite
`
}
