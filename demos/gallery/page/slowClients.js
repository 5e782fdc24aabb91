/** What fills the lane, in ticks; fifty of them are a second. */
const full = 250;
const perSecond = 50;

/** The cards of the slow clients and the button that starts and stops them. */
export function slowClientCards(element, button) {
  const cards = new Map([...element.children].map((card) => [card.dataset.strategy, cardOf(card)]));
  let running = false;
  button.onclick = () => fetch(`/slow-clients/${running ? 'stop' : 'start'}`, { method: 'POST' }).catch(() => {});
  return (told) => {
    running = told.running;
    button.disabled = false;
    button.textContent = running ? 'Stop slow clients' : 'Start slow clients';
    element.dataset.running = String(running);
    for (const client of told.clients) cards.get(client.strategy)?.(client);
  };
}

function cardOf(card) {
  const { strategy } = card.dataset;
  const lag = create('div', 'lag', create('span', '', 'Behind'), create('b', '', '–'));
  const lane = create('div', 'lane', create('i', 'fill'));
  const list = create('dl', '');
  const rows = ['Received', 'Dropped', strategy === 'reduce' ? 'Merged away' : 'Cut off'].map((name) => {
    const value = create('dd', '', '–');
    list.append(create('dt', '', name), value);
    return value;
  });
  card.append(lag, lane, list);

  return ({ events, ticks, behind, dropped, cutOff }) => {
    lag.lastChild.textContent = events === 0 ? '–' : `${(behind / perSecond).toFixed(1)} s`;
    lane.dataset.level = behind < perSecond / 2 ? 'low' : 'high';
    const filled = events === 0 ? 0 : Math.max(0.02, Math.min(1, behind / full));
    lane.firstChild.style.transform = `translateX(${(filled - 1) * 100}%)`;
    const counts = [events, dropped, strategy === 'reduce' ? ticks - events : cutOff];
    const lost = [false, dropped > 0, cutOff > 0];
    for (const [index, row] of rows.entries()) {
      row.textContent = counts[index].toLocaleString();
      row.classList.toggle('some', lost[index]);
    }
  };
}

function create(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
