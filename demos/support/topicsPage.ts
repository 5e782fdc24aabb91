/** The page of the demo: what `sendPage` takes. */
export const topicsPage: readonly [title: string, about: string, body: string, script: string, style: string] = [
  'Topics in the URL',
  'All that is chosen comes over one EventSource for each list. Change the choice: the topics that stay go on where they were.',
  `<div class="choices">
     <form data-path="/events">
       <label><input type="checkbox" name="prices" checked>prices</label>
       <label><input type="checkbox" name="news" checked>news</label>
       <label><input type="checkbox" name="weather">weather</label>
     </form>
     <p class="url"><code></code></p>
     <ol aria-label="Topics"></ol>
   </div>
   <h2>A hundred topics in one log</h2>
   <div class="choices">
     <form data-path="/sensors"><input aria-label="Sensors, 0 to 99" value="7,42" autocomplete="off"><button>Choose</button></form>
     <p class="url"><code></code></p>
     <ol aria-label="Sensors"></ol>
   </div>`,
  `const chosenIn = (form) => form.dataset.path === '/sensors'
     ? form.querySelector('input').value.split(/[ ,]+/)
     : [...form.querySelectorAll(':checked')].map(({ name }) => name);

   for (const choices of document.querySelectorAll('.choices')) {
     const [form, code, list] = ['form', 'code', 'ol'].map((name) => choices.querySelector(name));
     let source;
     let id = '';
     const say = (name, text) => {
       const item = document.createElement('li');
       item.append(Object.assign(document.createElement('b'), { textContent: name }), text);
       list.append(item);
       if (list.children.length > 100) list.firstChild.remove();
       list.scrollTop = list.scrollHeight;
     };
     const choose = () => {
       source?.close();
       const names = chosenIn(form);
       const url = form.dataset.path + '?topics=' + names.map(encodeURIComponent).join(',');
       code.textContent = url;
       source = new EventSource(id === '' ? url : url + '&lastEventId=' + id);
       const show = (event) => {
         id = event.lastEventId;
         const { sensor, text } = JSON.parse(event.data);
         say(sensor ?? event.type, text);
       };
       source.onmessage = show;
       source.addEventListener('position', (event) => { id = event.lastEventId; });
       for (const name of form.querySelectorAll('[name]')) source.addEventListener(name.name, show);
       source.addEventListener('gap', (event) => {
         id = event.lastEventId;
         const { log, reason } = JSON.parse(event.data);
         say(log ?? 'gap', 'what came before is not known here (' + reason + ')');
       });
       source.onerror = async ({ target }) => {
         if (target.readyState !== EventSource.CLOSED) return;
         const answer = await fetch(url);
         if (answer.status === 400) say('refused', await answer.text());
       };
     };
     form.onchange = choose;
     form.onsubmit = (event) => { event.preventDefault(); choose(); };
     choose();
   }`,
  `.choices { margin-bottom: 36px; }
   .choices form { flex-wrap: wrap; align-items: center; }
   .choices label { display: flex; align-items: center; gap: 8px; padding: 0 8px 0 0; cursor: pointer; }
   .choices [type="checkbox"] { min-height: 0; width: 18px; height: 18px; accent-color: var(--accent); }
   .choices .url { margin: 12px 0; color: var(--muted); font-size: 14px; overflow-wrap: anywhere; }
   .choices ol { height: 230px; font-size: 14.5px; font-variant-numeric: tabular-nums; }
   .choices b { display: inline-block; min-width: 9ch; font: 600 13.5px var(--mono); color: var(--accent); }
   .page h2 { margin-bottom: 16px; font-size: 20px; }`,
];
