import {
  type AnyRoute,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { StoaClient } from '../../client/index.ts'
import { BrokenPage } from '../pages/broken-page.tsx'
import { NotFoundPage } from '../pages/not-found-page.tsx'
import { LoadingState } from '../ui/states.tsx'

type RouterContext = { client: StoaClient }

/** Where somebody was who has to sign in first: an address of this app, and no other. */
function readNext({ next }: Record<string, unknown>): { next?: string | undefined } {
  // Said to be nothing when it is none of ours: what is only left out would be taken as it came.
  const isOurs = typeof next === 'string' && /^\/(?![/\\])/.test(next)
  return { next: isOurs ? next : undefined }
}

const root = createRootRouteWithContext<RouterContext>()()

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad({ context: { client } }) {
    if (client.user()) throw redirect({ to: '/conversations', replace: true })
  },
  component: lazyRouteComponent(() => import('../pages/welcome-page.tsx'), 'WelcomePage'),
})
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('../pages/setup-page.tsx'), 'SetupPage'),
})
const confirmEmail = createRoute({
  getParentRoute: () => root,
  path: '/confirm-email',
  component: lazyRouteComponent(
    () => import('../pages/confirm-email-page.tsx'),
    'ConfirmEmailPage',
  ),
})

/** For visitors: who is signed in goes on to where they wanted to be. */
const visitors = createRoute({
  getParentRoute: () => root,
  id: 'visitors',
  validateSearch: readNext,
  beforeLoad({ context: { client }, search: { next } }) {
    if (client.user()) throw redirect({ to: next ?? '/conversations', replace: true })
  },
})
const signIn = createRoute({
  getParentRoute: () => visitors,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../pages/sign-in-page.tsx'), 'SignInPage'),
})
const signUp = createRoute({
  getParentRoute: () => visitors,
  path: '/sign-up',
  component: lazyRouteComponent(() => import('../pages/sign-up-page.tsx'), 'SignUpPage'),
})

/** For people who are signed in: everything inside the shell. */
const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  beforeLoad({ context: { client }, location: { href } }) {
    if (!client.user()) throw redirect({ to: '/sign-in', search: { next: href }, replace: true })
  },
  component: lazyRouteComponent(() => import('../shell/shell.tsx'), 'Shell'),
})
/** The same, and only after the e-mail address is confirmed. */
const confirmed = createRoute({
  getParentRoute: () => members,
  id: 'confirmed',
  component: lazyRouteComponent(() => import('../shell/confirmed-only.tsx'), 'ConfirmedOnly'),
})

const conversations = createRoute({
  getParentRoute: () => confirmed,
  path: '/conversations',
  component: lazyRouteComponent(
    () => import('../pages/conversations-page.tsx'),
    'ConversationsPage',
  ),
})
/** `message`: the id of one to show; `panel`: what else is open about the conversation. */
function readPlace({ message, panel }: Record<string, unknown>): {
  message?: string
  panel?: 'details'
} {
  return {
    ...(typeof message === 'string' && message !== '' && { message }),
    ...(panel === 'details' && { panel }),
  }
}
const conversation = createRoute({
  getParentRoute: () => conversations,
  path: '$conversationId',
  validateSearch: readPlace,
  component: lazyRouteComponent(() => import('../pages/conversation-page.tsx'), 'ConversationPage'),
})
const people = createRoute({
  getParentRoute: () => confirmed,
  path: '/people',
  component: lazyRouteComponent(() => import('../pages/people-page.tsx'), 'PeoplePage'),
})
const person = createRoute({
  getParentRoute: () => people,
  path: '$userId',
  component: lazyRouteComponent(() => import('../pages/person-page.tsx'), 'PersonPage'),
})
const notifications = createRoute({
  getParentRoute: () => members,
  path: '/notifications',
  component: lazyRouteComponent(
    () => import('../pages/notifications-page.tsx'),
    'NotificationsPage',
  ),
})
const settings = createRoute({
  getParentRoute: () => members,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/settings-page.tsx'), 'SettingsPage'),
})
const settingsSection = createRoute({
  getParentRoute: () => settings,
  path: '$section',
  component: lazyRouteComponent(
    () => import('../pages/settings-section-page.tsx'),
    'SettingsSectionPage',
  ),
})
const audit = createRoute({
  getParentRoute: () => members,
  path: '/audit',
  component: lazyRouteComponent(() => import('../pages/audit-page.tsx'), 'AuditPage'),
})
const devMail = createRoute({
  getParentRoute: () => root,
  path: '/dev/mail',
  component: lazyRouteComponent(() => import('../pages/dev-mail-page.tsx'), 'DevMailPage'),
})

const routeTree = root.addChildren([
  welcome,
  setup,
  confirmEmail,
  devMail,
  visitors.addChildren([signIn, signUp]),
  members.addChildren([
    confirmed.addChildren([
      conversations.addChildren([conversation]),
      people.addChildren([person]),
    ]),
    notifications,
    settings.addChildren([settingsSection]),
    audit,
  ]),
])

/** Every address of the app. Each screen is a file of its own, loaded when one goes there. */
export function openRouter(client: StoaClient) {
  return createRouter({
    routeTree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultPendingComponent: () => <LoadingState as="page" />,
    defaultErrorComponent: BrokenPage,
    defaultNotFoundComponent: NotFoundPage,
    notFoundMode: 'root',
  })
}

/** Loads the screens of the address one comes to, before it is known whether one may see them. */
export function warmScreens(router: ReturnType<typeof openRouter>): void {
  const routes: Record<string, AnyRoute> = router.routesById
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const route = routes[routeId]
    // What does not come now is asked for again when it is to be shown, and that says so.
    if (route) void router.loadRouteChunk(route)?.catch(() => undefined)
  }
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof openRouter>
  }
}
