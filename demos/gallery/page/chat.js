import { keepTalking } from './connection.js';

const kept = 100;

/** The chat: lines come over a WebSocket, and go over it. */
export function chat(list, form, state) {
  const send = keepTalking('/chat', show, (now) => {
    // What was said comes again at each return.
    if (now === 'live') list.replaceChildren();
    state.textContent = now === 'live' ? 'WebSocket' : 'Reconnecting';
  });

  form.onsubmit = (event) => {
    event.preventDefault();
    if (send(form.elements.text.value)) form.reset();
  };

  function show({ from, text, notice }) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const item = document.createElement('li');
    const name = document.createElement('b');
    item.className = notice ? 'notice' : '';
    name.textContent = from;
    item.append(name, text);
    list.append(item);
    if (list.children.length > kept) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
}
