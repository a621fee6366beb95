#!/usr/bin/env node
// The launcher: answers --version at once, and starts the program only where it can run.
'use strict'

const { existsSync, statSync } = require('node:fs')
const { join } = require('node:path')

/** Exit code for a wrong command line or set-up, as core/errors.ts has it. */
const usage = 3
const oldest = [20, 19]
const dist = join(__dirname, '..', 'dist')

/** When a file was written, 0 where there is none. */
const written = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** The bundle starts faster than the many files it is made of; it is left aside while those are newer (`tsc` alone was run). */
function choose() {
  const bundle = join(dist, 'bundle', 'main.js')
  const fresh = written(bundle)
  return fresh > 0 && fresh >= written(join(dist, 'tsconfig.tsbuildinfo')) ? bundle : join(dist, 'cli', 'main.js')
}

const [major, minor] = process.versions.node.split('.').map(Number)

function refuse(text) {
  process.stderr.write(`longshore: ${text}\n`)
  process.exitCode = usage
}

// Whoever reads may have gone (`| head`): that is no fault of ours, and nothing to tell anybody.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

if (process.argv[2] === '--version' || process.argv[2] === '-V')
  process.stdout.write(`${require('../package.json').version}\n`)
else if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
  refuse(`Node.js ${oldest.join('.')} or newer is needed, this is ${process.versions.node}`)
else if (!existsSync(choose())) refuse('not built yet: run `npm run build` in the folder of longshore')
else
  import(choose()).then(
    ({ main }) => main(),
    error => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
      refuse(`a part is missing, run \`npm install\` and \`npm run build\`: ${error.message}`)
    },
  )
