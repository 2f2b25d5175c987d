// Runs before anything is painted, so that nobody sees the other colours or direction first.
;(() => {
  const root = document.documentElement
  function read(key) {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }
  const chosen = read('stoa.scheme')
  const dark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
  const language = read('stoa.language') ?? navigator.language
  root.lang = /^es\b/i.test(language) ? 'es' : 'en'
})()
