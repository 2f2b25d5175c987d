/** What went wrong, by the code of the failure, in words for people. */
export const failures = {
  'failure.invalid_input': 'Something in the form is not right.',
  'failure.unauthenticated': 'Sign in first.',
  'failure.forbidden': 'You may not do this.',
  'failure.email_unconfirmed': 'Confirm your e-mail address first.',
  'failure.not_found': 'This does not exist (any more).',
  'failure.rate_limited': 'That was too often. Wait a moment and try again.',
  'failure.internal': 'The server made a mistake. It has been written down there.',
  'failure.unavailable': 'The server cannot be reached. Try again in a moment.',
} as const
