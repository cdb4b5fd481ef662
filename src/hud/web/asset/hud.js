// Keeps a page alive: takes the server's events, puts new tiles in the place of old ones, lets ages grow, and
// says so when the server falls silent. Without it every page is whole and loads itself anew.
(() => {
  'use strict';
  const body = document.body;
  const news = document.getElementById('news');
  const lost = document.getElementById('lost');
  const forms = body.dataset.ages.split('|');
  const LOST_MS = 15000;
  let version = body.dataset.version;
  // The server's clock counts: that of this machine may be another.
  let ahead = Date.parse(body.dataset.at) - Date.now();
  let heard = Date.now();
  const told = new Map();

  const ageWords = (seconds) => {
    const [form, value] = seconds < 120 ? [0, seconds] : seconds < 7200 ? [1, seconds / 60]
      : seconds < 172800 ? [2, seconds / 3600] : [3, seconds / 86400];
    return forms[form].replace('{}', String(Math.floor(value)));
  };

  const tick = () => {
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll('.source time, time.age')) {
      const seconds = Math.max(0, Math.floor((now - Date.parse(time.dateTime)) / 1000));
      const words = ageWords(seconds);
      if (time.textContent !== words) time.textContent = words;
    }
    const silent = Date.now() - heard > LOST_MS;
    body.classList.toggle('lost', silent);
    if (lost.hidden === silent) lost.hidden = !silent;
  };

  const swap = (old, html) => {
    const template = document.createElement('template');
    template.innerHTML = html;
    const fresh = template.content.firstElementChild;
    const held = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    old.replaceWith(fresh);
    if (held !== null) {
      const link = [...fresh.querySelectorAll('a')].find((a) => a.getAttribute('href') === held);
      if (link) link.focus();
    }
    return fresh;
  };

  const showTiles = (state) => {
    const verdict = document.getElementById('verdict');
    if (verdict) swap(verdict, state.head);
    const turns = [];
    for (const [name, html] of Object.entries(state.tiles)) {
      const old = document.getElementById('tile-' + name);
      if (!old || told.get(name) === html) continue;
      told.set(name, html);
      const before = old.dataset.grade;
      const fresh = swap(old, html);
      if (before !== fresh.dataset.grade) {
        fresh.classList.add('new');
        const note = fresh.querySelector('.notes li');
        turns.push(fresh.querySelector('h2').textContent + ': ' + fresh.querySelector('.badge').textContent.trim() +
          (note ? ', ' + note.textContent : ''));
      }
    }
    if (turns.length > 0) news.textContent = turns.join('. ');
  };

  const showPage = async () => {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector('main');
    const main = document.querySelector('main');
    if (!fresh || main.innerHTML === fresh.innerHTML) return;
    const held = main.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    main.replaceChildren(...fresh.childNodes);
    if (held !== null) {
      const link = [...main.querySelectorAll('a')].find((a) => a.getAttribute('href') === held);
      if (link) link.focus();
    }
  };

  const hear = (state) => {
    heard = Date.now();
    ahead = Date.parse(state.at) - heard;
  };

  const events = new EventSource('/events?lang=' + encodeURIComponent(body.dataset.lang));
  events.addEventListener('tiles', (event) => {
    const state = JSON.parse(event.data);
    hear(state);
    if (body.dataset.page === '/') showTiles(state);
    else if (String(state.version) !== version) showPage().catch(() => {});
    version = String(state.version);
    tick();
  });
  events.addEventListener('beat', (event) => {
    hear(JSON.parse(event.data));
    tick();
  });
  // On a phone the navigation scrolls by itself; where one is must be in sight.
  const here = document.querySelector('nav [aria-current]');
  if (here) here.scrollIntoView({ block: 'nearest', inline: 'center' });
  setInterval(tick, 1000);
})();
