/** What asks for a WebSocket (RFC 6455, section 4.1), for raw connections. */
export const upgradeHeaders: string = [
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
].join('');
