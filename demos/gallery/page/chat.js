import { keepTalking } from './connection.js';

const kept = 100;

/** The chat: lines come over a WebSocket, and go over it. Returns what comes back now if it waits for its next try. */
export function chat(list, form, state) {
  const button = form.querySelector('button');
  let you;
  const { send, retry } = keepTalking('/chat', take, (now) => {
    // What was said comes again at each return.
    if (now === 'live') list.replaceChildren();
    state.textContent = now === 'live' ? 'WebSocket' : 'Reconnecting';
    state.dataset.state = now;
    button.disabled = now !== 'live';
    button.textContent = now === 'live' ? 'Send' : 'Not connected';
  });

  form.onsubmit = (event) => {
    event.preventDefault();
    if (send(form.elements.text.value)) form.reset();
  };
  return retry;

  function take(message) {
    if (message.you === undefined) show(message);
    else you = message.you;
  }

  function show({ from, text, notice }) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const item = document.createElement('li');
    item.className = notice ? 'notice' : '';
    item.append(create('b', from));
    if (from === you) item.append(create('i', 'you'));
    item.append(text);
    list.append(item);
    if (list.children.length > kept) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
}

function create(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
