import './styles/mantine.css'
import './styles/tokens.css'
import './styles/base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { ClientProvider, openClient } from './lib/client.tsx'
import { CommandsProvider } from './lib/commands.tsx'
import { firstLanguage, I18nProvider, loadLanguage } from './lib/i18n.tsx'
import { bridgeLive } from './lib/live.ts'
import { PresenceProvider } from './lib/presence.tsx'
import { createQueries } from './lib/queries.ts'
import { openRouter, warmScreens } from './lib/router.tsx'
import { schemes, theme } from './lib/theme.ts'
import { TitleProvider } from './lib/title.tsx'
import { Hints } from './ui/hints.tsx'
import { ToastProvider } from './ui/toast.tsx'

const client = openClient()
const queries = createQueries()
const router = openRouter(client)
bridgeLive(client, queries)

// At once, and not one after the other: who it is, the screens, and the words.
const resuming = client.resume()
resuming.catch(() => undefined)
warmScreens(router)
const first = await loadLanguage(firstLanguage())
const container = document.getElementById('app')
if (!container) throw new Error('The page has no place for the app.')

createRoot(container).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <ClientProvider client={client}>
          <I18nProvider first={first}>
            <TitleProvider>
              <CommandsProvider>
                <ToastProvider>
                  <PresenceProvider>
                    <App router={router} resuming={resuming} />
                    <Hints />
                  </PresenceProvider>
                </ToastProvider>
              </CommandsProvider>
            </TitleProvider>
          </I18nProvider>
        </ClientProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
}
