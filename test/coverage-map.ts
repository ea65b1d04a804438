// Which sources a test answers for: those of its own name, or all of its folder where it tests a story.
// Read by tap (`coverage-map` in package.json); paths are those of the compiled files.

export default function sourcesOf(test: string): string[] {
  const name = test.replace(/^build\/test\//, '').replace(/\.test\.js$/, '')
  return /^(engine|proxy)\//.test(name) ? [`build/${name}.js`] : []
}
