/** The page that may open WebSockets. */
export const ownOrigin = 'https://example.com';
