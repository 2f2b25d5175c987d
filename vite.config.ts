import { defineConfig } from 'vite'

export default defineConfig({
  root: 'web',
  // Everything is a file of its own: the policy of the server allows nothing written into a page.
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2023',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What is needed together comes together: one file packs better than thirty.
            { name: 'app', tags: ['$initial'] },
            { name: 'live', test: /(socket|engine)[.]io-/ },
            { name: 'shell', test: /web\/shell\/(shell|confirmed-only)[.]tsx$/ },
          ],
        },
      },
      onLog(level, log, tell) {
        // Packages mark what runs in browsers; here all of it does.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log)
      },
    },
  },
  logLevel: 'warn',
})
