/** The page of the demo: what `sendPage` takes. */
export const presencePage: readonly [title: string, about: string, body: string, script: string, style: string] = [
  'Who is in this room',
  'Open this page in several windows, reload one, close another. A name is here as long as one of its tabs is, and four seconds more.',
  `<form><input aria-label="Your name" required maxlength="40" autocomplete="off"><button>Rename</button></form>
   <p class="count" aria-live="polite"></p>
   <ul aria-label="Who is here"></ul>`,
  `const [form, input, count, list] = ['form', 'input', '.count', 'ul'].map((name) => document.querySelector(name));
   // The tabs of a browser are one guest.
   const id = (localStorage.id ??= Math.random().toString(36).slice(2));
   localStorage.name ??= 'Guest ' + id.slice(0, 3);
   input.value = localStorage.name;

   const here = new Map();
   const show = () => {
     count.textContent = here.size === 1 ? 'One is here.' : here.size + ' are here.';
     list.replaceChildren(...[...here.values()].map((guest) => {
       const item = document.createElement('li');
       item.textContent = guest.name;
       item.classList.toggle('me', guest.id === id);
       return item;
     }));
   };

   let source;
   const connect = () => {
     const before = source;
     source = new EventSource('/stream?' + new URLSearchParams({ id, name: localStorage.name }));
     // The old one goes when the new one is there, so that nobody sees one leave who only has another name.
     source.onopen = () => before?.close();
     source.addEventListener('presence', ({ data }) => {
       const change = JSON.parse(data);
       if (change.type === 'here') {
         here.clear();
         for (const guest of change.members) here.set(guest.id, guest);
       } else if (change.type === 'leave') {
         here.delete(change.id);
       } else {
         here.set(change.id, change.member);
       }
       show();
     });
   };
   connect();
   form.onsubmit = (event) => {
     event.preventDefault();
     localStorage.name = input.value;
     connect();
   };`,
  `.count { margin: 20px 0 8px; color: var(--muted); }
   ul { margin: 0; padding: 0; list-style: none; }
   ul li { padding: 8px 0; border-top: 1px solid var(--line, #8884); overflow-wrap: anywhere; }
   ul .me::after { content: ' (you)'; color: var(--muted); }`,
];
