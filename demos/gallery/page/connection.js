/** Doubles from half a second up to fifteen, and varies, so that a thousand pages do not come back at once. */
function delay(failures) {
  return Math.min(15_000, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
}

/**
 * An EventSource that always comes back. It does so by itself while the connection breaks; after an answer other than
 * 200 it is CLOSED for good, and a new one is made here.
 *
 * @param handlers by the event's name, each given the event's data
 * @param onState told `live` or `reconnecting`
 */
export function keepListening(url, handlers, onState) {
  let failures = 0;
  const connect = () => {
    const source = new EventSource(url);
    source.onopen = () => {
      failures = 0;
      onState('live');
    };
    source.onerror = () => {
      onState('reconnecting');
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, delay(failures));
      failures += 1;
    };
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  };
  connect();
}

/**
 * A WebSocket that comes back, which a WebSocket never does by itself.
 *
 * @returns `send`, which sends a text and tells whether it could, and `retry`, which comes back now if it is waiting
 */
export function keepTalking(path, onData, onState) {
  let failures = 0;
  let socket;
  let waiting;
  const connect = () => {
    waiting = undefined;
    socket = new WebSocket(location.origin.replace(/^http/, 'ws') + path);
    socket.onopen = () => {
      failures = 0;
      onState('live');
    };
    socket.onmessage = (message) => onData(JSON.parse(message.data).data);
    socket.onclose = () => {
      onState('reconnecting');
      waiting = setTimeout(connect, delay(failures));
      failures += 1;
    };
  };
  connect();
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    retry() {
      failures = 0;
      if (waiting === undefined) return;
      clearTimeout(waiting);
      connect();
    },
  };
}
