// Builds the console for browsers: one script and one style sheet, named by the hash of what they hold,
// and the page that names them. Run at install, into `build/console/`; nothing in it comes from elsewhere.
import { build } from 'esbuild'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = new URL('../../../', import.meta.url).pathname
const source = join(root, 'proxy/console')
const to = join(root, 'build/console')

rmSync(to, { recursive: true, force: true })
mkdirSync(join(to, 'assets'), { recursive: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { console: join(source, 'app.tsx'), style: join(source, 'style/console.css') },
  outdir: join(to, 'assets'),
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  tsconfig: join(source, 'tsconfig.json'),
  sourcemap: false,
  legalComments: 'none',
  metafile: true,
})
const built = Object.keys(metafile.outputs).map((file) => basename(file))
const named = (pattern: RegExp): string => {
  const name = built.find((file) => pattern.test(file))
  if (name === undefined) throw new Error(`esbuild made no ${String(pattern)}`)
  return `/assets/${name}`
}
copyFileSync(join(source, 'icon.svg'), join(to, 'assets/icon.svg'))
writeFileSync(
  join(to, 'index.html'),
  readFileSync(join(source, 'page.html'), 'utf8')
    .replace('SCRIPT', named(/^console-.*\.js$/))
    .replace('STYLE', named(/^style-.*\.css$/)),
)
