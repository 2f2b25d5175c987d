// Keeps the shell of the app: its page, and the files that the page names. What the server says
// about people is never kept, so this cannot show one person what another one saw.
const shell = 'stoa-shell-1'

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(shell)
      .then((cache) =>
        cache.addAll(['/', '/before-paint.js', '/icon.svg', '/manifest.webmanifest']),
      )
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name !== shell).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname.startsWith('/assets/')) event.respondWith(fromCacheFirst(request))
  else if (request.mode === 'navigate' && !isOfServer(url.pathname))
    event.respondWith(page(request))
  else if (url.pathname === '/before-paint.js') event.respondWith(fromNetworkFirst(request))
})

/** Addresses below these are answered by the server itself, not by the app. */
function isOfServer(path) {
  return /^\/(api|health|metrics|uploads)(\/|$)/.test(path)
}

/** Names of assets change with their content, so one that was kept is never stale. */
async function fromCacheFirst(request) {
  const cache = await caches.open(shell)
  const kept = await cache.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) await cache.put(request, answer.clone())
  return answer
}

async function fromNetworkFirst(request) {
  const cache = await caches.open(shell)
  try {
    const answer = await fetch(request)
    if (answer.ok) await cache.put(request, answer.clone())
    return answer
  } catch (error) {
    const kept = await cache.match(request)
    if (kept) return kept
    throw error
  }
}

/** Every page of the app is the same file; the one that is kept serves when there is no network. */
async function page(request) {
  const cache = await caches.open(shell)
  try {
    const answer = await fetch(request)
    const isPage = answer.ok && answer.headers.get('content-type')?.startsWith('text/html')
    if (isPage) await keep(cache, answer.clone())
    return answer
  } catch (error) {
    const kept = await cache.match('/')
    if (kept) return kept
    throw error
  }
}

/** Keeps the page; what an older page needed goes when the newer one is there. */
async function keep(cache, answer) {
  const before = await cache.match('/').then((kept) => kept?.text())
  const now = await answer.clone().text()
  await cache.put('/', answer)
  if (before === undefined || before === now) return
  for (const request of await cache.keys()) {
    if (new URL(request.url).pathname.startsWith('/assets/')) await cache.delete(request)
  }
}
