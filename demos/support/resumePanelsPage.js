/** How many numbers and notices a panel shows. */
const shown = 160;
/** What comes first on a return came while the page was away, and so did what follows so soon on another that did, in ms. */
const burst = 120;

/** What a `gap` means to a reader. */
const reasons = {
  'unknown-epoch': 'The server keeps another log than before. What came last in the old one is not known.',
  trimmed: 'The log has let go of what came first.',
  expired: 'The log has let go of what was too old.',
  malformed: 'The server cannot read this position.',
  'too-far-behind': 'The log went on without this client, which was too slow.',
};

/** Two panels: the numbers of a log over an EventSource, and over a WebSocket. */
export function resumePanels(element, { stream, socket, cut }) {
  const client = () => Math.random().toString(36).slice(2);
  const [one, other] = [client(), client()];
  const eventSource = panel('EventSource', 'Comes back by itself, with the id in a header.', `${cut}?client=${one}`);
  const webSocket = panel('WebSocket', 'The page brings it back, with the id in the URL.', `${cut}?client=${other}`);
  element.append(eventSource.card, webSocket.card);
  listen(`${stream}?client=${one}`, eventSource);
  talk(`${location.origin.replace(/^http/, 'ws')}${socket}?client=${other}`, webSocket);
}

/** The browser's own client. */
function listen(url, panel) {
  let id = '';
  const connect = () => {
    const source = new EventSource(from(url, id));
    const take = (handle) => (event) => {
      id = event.lastEventId;
      panel.stands('Last-Event-ID: ', id);
      handle(event.data);
    };
    source.onopen = panel.back;
    source.onmessage = take((data) => panel.number(Number(data)));
    source.addEventListener(
      'position',
      take(() => {}),
    );
    source.addEventListener(
      'gap',
      take((data) => panel.gap(JSON.parse(data))),
    );
    source.onerror = () => {
      panel.away();
      // After an answer other than 200 it has given up.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, pause());
    };
  };
  connect();
}

/** A client that comes back, which a WebSocket does not. */
function talk(url, panel) {
  let id = '';
  const connect = () => {
    const socket = new WebSocket(from(url, id));
    socket.onopen = panel.back;
    socket.onmessage = (message) => {
      const { data, event, ...rest } = JSON.parse(message.data);
      id = rest.id ?? id;
      panel.stands('?lastEventId=', id);
      if (event === undefined) panel.number(data);
      if (event === 'gap') panel.gap(data);
    };
    socket.onclose = () => {
      panel.away();
      setTimeout(connect, pause());
    };
  };
  connect();
}

function from(url, id) {
  return id === '' ? url : `${url}&lastEventId=${id}`;
}

/** A thousand pages do not come back at once. */
function pause() {
  return 700 + 600 * Math.random();
}

function panel(title, about, cutUrl) {
  const state = create('span', 'panel-state', 'Connecting');
  const strip = create('ol', 'strip');
  strip.tabIndex = 0;
  strip.setAttribute('role', 'log');
  strip.setAttribute('aria-live', 'off');
  strip.setAttribute('aria-label', `What came over the ${title}`);
  // For those who hear it: the strip shows it.
  const said = create('p', 'visually-hidden');
  said.setAttribute('role', 'status');
  const position = create('code', '');
  const button = create('button', '', 'Cut the connection');
  button.type = 'button';
  button.disabled = true;
  button.onclick = () => {
    fetch(cutUrl, { method: 'POST' }).catch(() => {});
  };
  const list = create('dl', 'counts');
  const count = (name, label, look) => {
    const value = create('dd', '', '0');
    value.dataset.count = name;
    list.append(create('dt', '', label), value);
    let sum = 0;
    return (more) => {
      sum += more;
      value.textContent = sum.toLocaleString();
      if (look) value.dataset.look = sum === 0 ? 'good' : 'warn';
    };
  };
  const came = count('came', 'Numbers that came');
  const missing = count('missing', 'Missing', true);
  const twice = count('twice', 'Came twice', true);
  const gaps = count('gaps', 'Notices of a gap', true);
  const times = count('away', 'Times away');
  for (const each of [missing, twice, gaps]) each(0);

  const card = create(
    'article',
    'panel',
    create('header', '', create('h3', '', title), state),
    create('p', 'panel-about', about),
    strip,
    said,
    list,
    create('p', 'stands', 'Stands at ', position),
    button,
  );
  card.dataset.over = title;

  let last;
  let wentAway;
  let lastLate = Number.NEGATIVE_INFINITY;

  const add = (item) => {
    const atEnd = strip.scrollHeight - strip.scrollTop - strip.clientHeight < 40;
    strip.append(item);
    while (strip.children.length > shown) strip.firstChild.remove();
    if (atEnd) strip.scrollTop = strip.scrollHeight;
  };
  const say = (look, text) => {
    add(create('li', `notice ${look}`, text));
    said.textContent = text;
  };

  return {
    card,
    back() {
      card.dataset.state = 'live';
      state.textContent = 'Live';
      button.disabled = false;
      if (wentAway === undefined) return;
      const seconds = ((performance.now() - wentAway) / 1000).toFixed(1);
      wentAway = undefined;
      lastLate = Number.POSITIVE_INFINITY;
      say(
        'back',
        last === undefined ? `Back after ${seconds} s` : `Back after ${seconds} s, for what came after ${last}`,
      );
    },
    away() {
      card.dataset.state = 'away';
      state.textContent = 'Away';
      button.disabled = true;
      // It is told of each try that fails, too.
      if (wentAway !== undefined) return;
      wentAway = performance.now();
      if (last === undefined) return;
      times(1);
      say('cut', 'The connection is gone');
    },
    number(n) {
      came(1);
      const skipped = last === undefined ? 0 : n - last - 1;
      if (skipped > 0) {
        missing(skipped);
        say('lost', skipped === 1 ? `Missing: ${n - 1}` : `Missing: ${last + 1} to ${n - 1}`);
      }
      if (skipped < 0) twice(1);
      else last = n;
      const now = performance.now();
      const isLate = now - lastLate < burst;
      if (isLate) lastLate = now;
      add(create('li', skipped < 0 ? 'twice' : isLate ? 'late' : '', n.toLocaleString('en').replaceAll(',', '\u2009')));
    },
    gap({ reason }) {
      // The numbers of another log may begin anew: what they would say of the old ones is nothing.
      if (reason === 'unknown-epoch' || reason === 'malformed') last = undefined;
      lastLate = Number.NEGATIVE_INFINITY;
      gaps(1);
      say('lost', `Gap (${reason}): ${reasons[reason] ?? 'Something may be missing here.'}`);
    },
    stands(how, id) {
      position.textContent = how + id;
    },
  };
}

function create(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
