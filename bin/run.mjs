// `npm start`: the server as a bundle, and the web app that it serves, both made anew when anything
// that goes into them has changed.
//
// It is started with `--v8-pool-size=1`: one thread beside the main one looks for garbage. Of four,
// which is the default, a few at a time take the two processors of a small machine from the answers
// for tens of milliseconds.
import path from 'node:path'
import { makeFresh } from './fresh.mjs'

if (!makeFresh('server')) throw new Error('The server could not be bundled')
// The server is of use without it, and says so to whoever comes with a browser.
if (!makeFresh('web')) console.error('The web app could not be built: the reason is above.')
await import(path.resolve(import.meta.dirname, '../dist/server/start.mjs'))
