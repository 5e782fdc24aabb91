/** What fills the lane, in ticks; fifty of them are a second. */
const full = 250;
const perSecond = 50;

const buttons = { stopped: 'Start slow clients', running: 'Stop slow clients', draining: 'Start slow clients' };
const notes = {
  stopped: '',
  running: '',
  draining: ' No more come; the clients get what waits for them.',
};

const nothing = { events: 0, ticks: 0, newest: 0, behind: 0, missed: 0, dropped: 0, cutOff: 0, ended: false };

/** The cards of the slow clients and the button that starts and stops them. */
export function slowClientCards(element, button, note) {
  const cards = new Map([...element.children].map((card) => [card.dataset.strategy, cardOf(card)]));
  let phase = 'stopped';
  button.onclick = () => {
    fetch(`/slow-clients/${phase === 'running' ? 'stop' : 'start'}`, { method: 'POST' }).catch(() => {});
  };
  return (told) => {
    phase = told.phase;
    button.disabled = false;
    button.textContent = buttons[phase];
    element.dataset.phase = phase;
    const text = told.published === 0 ? '' : `${told.published.toLocaleString()} ticks published.${notes[phase]}`;
    if (note.textContent !== text) note.textContent = text;
    for (const [strategy, show] of cards) {
      show(told.clients.find((client) => client.strategy === strategy) ?? nothing, told.published);
    }
  };
}

/** The last row of a card: what its strategy does with what is too much. */
const fates = {
  error: ({ missed, cutOff }) => [lostIn(cutOff), missed, 'some'],
  reduce: ({ ticks, events }) => ['Merged away', ticks - events, ''],
};
const otherFate = ({ dropped }) => ['Dropped', dropped, 'some'];
const lostIn = (times) => (times === 0 ? 'Lost when cut off' : `Lost in ${times} cut-off${times === 1 ? '' : 's'}`);

function cardOf(card) {
  const lag = create('div', 'lag', create('span', '', 'Behind'), create('b', '', '–'));
  const lane = create('div', 'lane', create('i', 'fill'));
  const list = create('dl', '');
  const end = create('p', 'end', '\u00a0');
  const row = (first) => {
    const label = create('dt', '', first);
    const value = create('dd', '', '–');
    list.append(label, value);
    return (count, look = '', name = first) => {
      label.textContent = name;
      value.textContent = count.toLocaleString();
      value.className = look;
    };
  };
  const received = row('Events received');
  const accounted = row('Ticks accounted for');
  const newest = row('Newest tick seen');
  const fateOf = fates[card.dataset.strategy] ?? otherFate;
  const fate = row(fateOf({ cutOff: 0 })[0]);
  card.append(lag, lane, list, end);

  return (client, published) => {
    const { events, ticks, behind, missed, ended } = client;
    lag.lastChild.textContent = events === 0 ? '–' : `${(behind / perSecond).toFixed(1)} s`;
    lane.dataset.level = behind < perSecond / 2 ? 'low' : 'high';
    const filled = events === 0 ? 0 : Math.max(0.02, Math.min(1, behind / full));
    lane.firstChild.style.transform = `translateX(${(filled - 1) * 100}%)`;
    received(events);
    accounted(ticks, events > 0 && missed === 0 ? 'all' : '');
    newest(client.newest, ended && client.newest === published ? 'all' : '');
    const [name, count, look] = fateOf(client);
    fate(count, count > 0 ? look : '', name);
    const short = published - client.newest;
    end.textContent = ended ? ending(short) : '\u00a0';
    end.dataset.short = String(short > 0);
  };
}

function ending(short) {
  return short === 0 ? 'Ended on the newest' : `Ended ${short} tick${short === 1 ? '' : 's'} short`;
}

function create(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
