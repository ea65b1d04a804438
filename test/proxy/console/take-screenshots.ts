// npm run screenshots: pictures of the console's pages in light and dark, on a desk and on a phone, from
// samples, into `.sallyport/screenshots/`. For people to look at; tests compare no pictures.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPage } from '../../peers/chromium.js'
import { REPOSITORY } from '../../peers/gateway-config.js'
import { startSampleGateway } from './sample-gateway.js'

const PAGES: readonly (readonly [name: string, path: string, ready: string])[] = [
  ['approvals', '/approvals', '.inbox-item'],
  ['approval', '/approvals/QM4T8Z2W', '.approval .sql'],
  ['access', '/approvals/access', '.grant'],
  ['sessions', '/sessions', '.table'],
  ['session', '/sessions/film?at=8', '.stage .result'],
  ['session-under', `/sessions/film?under=sha256%3A${'b'.repeat(64)}&at=10`, '.parting'],
  ['policies', '/policies', '.history'],
  ['rules', '/policies/rules', '.rule-line'],
  ['shadow', '/policies/shadow', '.flips'],
  ['diff', '/policies/diff', '.diff-line'],
  ['try', '/try#sql=UPDATE+customers+SET+ssn&kind=agent', '.tried'],
  ['who-can', '/who-can#sql=SELECT+ssn+FROM+customers', '.table'],
  ['targets', '/targets', '.grid-cards'],
  ['health', '/health', '.grid-cards'],
  ['nowhere', '/nowhere', '.empty'],
  ['search', '/search?label=pii', '.hit'],
]

const SIZES = { desk: [1360, 860, false], phone: [390, 844, true] } as const

const only = process.argv.slice(2)
const ends: (() => unknown)[] = []
const folder = join(REPOSITORY, '.sallyport/screenshots')
mkdirSync(folder, { recursive: true })
const gateway = await startSampleGateway()
try {
  for (const scheme of ['light', 'dark'] as const) {
    for (const [size, [width, height, mobile]] of Object.entries(SIZES)) {
      const page = await openPage(
        { teardown: (end) => void ends.push(end as () => unknown) },
        `${gateway.url}/approvals`,
        async (send) => {
          const deviceScaleFactor = mobile ? 2 : 1
          await send('Emulation.setDeviceMetricsOverride', {
            width,
            height,
            deviceScaleFactor,
            mobile,
          })
          const features = [{ name: 'prefers-color-scheme', value: scheme }]
          await send('Emulation.setEmulatedMedia', { features })
        },
      )
      for (const [name, path, ready] of PAGES) {
        const full = `${name}-${size}-${scheme}`
        if (only.length > 0 && !only.some((word) => full.includes(word))) continue
        await page.send('Page.navigate', { url: `${gateway.url}${path}` })
        await page.until(
          `(location.pathname + location.search + location.hash).startsWith(${JSON.stringify(path.split('#')[0])})`,
        )
        await page.until(`document.querySelector(${JSON.stringify(ready)}) !== null`)
        await page.evaluate(
          'document.fonts.ready.then(() => new Promise((r) => setTimeout(r, 400)))',
        )
        writeFileSync(join(folder, `${full}.png`), await page.picture())
      }
      if (page.complaints.length > 0) process.stdout.write(`${page.complaints.join('\n')}\n`)
    }
  }
  process.stdout.write(`pictures are in ${folder}\n`)
} finally {
  for (const end of ends) await end()
  await gateway.close()
}
