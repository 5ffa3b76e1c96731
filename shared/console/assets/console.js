// The script of the console: keys, live news, dates of a chart, and the reader's time zone. Pages
// work without it. It makes elements and text nodes, and never parses HTML.
'use strict';

const body = document.body;
const screenName = body.dataset.screen || '';

const make = (name, attributes, text) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

// The server writes times in this zone from the next page on.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
if (!document.cookie.split('; ').includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
}
for (const time of document.querySelectorAll('time[datetime*="T"]')) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.valueOf())) continue;
  time.title = date.toLocaleString(document.documentElement.lang, { dateStyle: 'full', timeStyle: 'short' });
}

// Keys. They rest while somebody types, and with Ctrl, Alt and Meta.
const items = () => [...document.querySelectorAll('.item')];
const current = () => document.activeElement && document.activeElement.closest('.item');
const step = (by) => {
  const all = items();
  const place = all.indexOf(current());
  const next = all[place < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(place + by, 0), all.length - 1)];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
};
const follow = (selector) => {
  const item = current();
  const link = item ? item.querySelector(selector) : document.querySelector(`[data-original]`);
  if (link && (item || selector === '.original')) link.click();
};
const openKeys = () => {
  const keys = document.getElementById('keys');
  if (!keys) return;
  keys.open = !keys.open;
  if (keys.open) {
    keys.querySelector('summary').focus({ preventScroll: true });
    keys.scrollIntoView({ block: 'end' });
  }
};
const keys = {
  j: () => step(1),
  k: () => step(-1),
  o: () => follow('.open'),
  v: () => follow('.original'),
  s: () => follow('.outlet'),
  m: () => follow('.keep'),
  '/': () => { const box = document.getElementById('find'); if (box) { box.focus(); box.select(); } },
  '?': openKeys,
};
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.closest('input, textarea, select, [contenteditable]');
  if (typing) { if (event.key === 'Escape') event.target.blur(); return; }
  const act = Object.hasOwn(keys, event.key) && keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// Small screens begin with the list: what narrows it down is folded.
if (matchMedia('(max-width: 56rem)').matches) {
  for (const fold of document.querySelectorAll('.fold')) fold.open = false;
}

// Live news are counted and announced, at most every five seconds. Nothing moves by itself.
const live = document.querySelector('.live');
let stream = null;
let seen = 0;
let due = null;
const announce = () => {
  due = null;
  if (screenName === 'first' || screenName === 'wall') { location.reload(); return; }
  const text = seen === 1 ? live.dataset.one : live.dataset.many.replace('#', seen.toLocaleString(document.documentElement.lang));
  const link = live.querySelector('a');
  if (link) link.textContent = text;
  else live.append(make('a', { href: location.pathname + location.search }, text));
  document.title = `(${seen}) ${document.title.replace(/^\(\d+\) /, '')}`;
};
const listen = () => {
  if (stream || document.hidden) return;
  const query = body.dataset.live ? `&q=${encodeURIComponent(body.dataset.live)}` : '';
  stream = new EventSource(`/v1/events?types=article.stored${query}`);
  stream.addEventListener('article.stored', (event) => {
    let stored;
    try { stored = JSON.parse(event.data); } catch { return; }
    if (!stored.changed) return;
    seen += 1;
    due ??= setTimeout(announce, seen === 1 ? 800 : 5000);
  });
  stream.addEventListener('cut', () => { stream.close(); stream = null; setTimeout(listen, 5000); });
};
const rest = () => { if (stream) stream.close(); stream = null; };
if (live || screenName === 'wall') {
  listen();
  document.addEventListener('visibilitychange', () => (document.hidden ? rest() : listen()));
  addEventListener('pagehide', rest);
  addEventListener('pageshow', listen);
}
const refresh = Number(body.dataset.refresh || 0);
if (refresh > 0) {
  setInterval(() => {
    const busy = document.activeElement && document.activeElement !== body && document.activeElement.closest('main');
    if (!document.hidden && !busy) location.reload();
  }, refresh * 1000);
}

// Suggestions while somebody types.
const box = document.getElementById('find');
const list = document.getElementById('suggestions');
let asked = 0;
let waiting = null;
const suggest = async () => {
  const number = ++asked;
  const typed = box.value.trim();
  if (typed.length < 2 || typed.length > 100) { list.replaceChildren(); return; }
  try {
    const answer = await fetch(`/v1/suggestions?limit=8&q=${encodeURIComponent(typed)}`);
    if (!answer.ok || number !== asked) return;
    const { suggestions } = await answer.json();
    list.replaceChildren(...suggestions.map((one) =>
      make('option', { value: one.query, label: `${one.label || one.value} (${one.articles})` })));
  } catch { /* The box works without them. */ }
};
if (box && list) {
  box.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(suggest, 150); });
}

// A range of a chart is chosen by drawing over its bars.
for (const chart of document.querySelectorAll('[data-chart] svg')) {
  const bars = [...chart.querySelectorAll('a')];
  let start = -1;
  let end = -1;
  const at = (event) => {
    const edges = chart.getBoundingClientRect();
    const width = chart.viewBox.baseVal.width;
    const place = Math.floor(((event.clientX - edges.left) / edges.width) * width);
    return Math.min(Math.max(place, 0), bars.length - 1);
  };
  const show = () => bars.forEach((bar, place) =>
    bar.classList.toggle('chosen', start >= 0 && place >= Math.min(start, end) && place <= Math.max(start, end)));
  chart.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    start = end = at(event);
    show();
    event.preventDefault();
  });
  addEventListener('pointermove', (event) => { if (start >= 0) { end = at(event); show(); } });
  addEventListener('pointerup', () => {
    if (start < 0) return;
    const [first, last] = [bars[Math.min(start, end)], bars[Math.max(start, end)]];
    start = -1;
    show();
    if (!first || !last) return;
    const target = new URL(first.getAttribute('href'), location.href);
    target.searchParams.set('date', first === last && first.dataset.from === first.dataset.until
      ? first.dataset.from : `${first.dataset.from}..${last.dataset.until}`);
    location.assign(target.href);
  });
}

// A list of feeds is taken over by dropping its file.
for (const form of document.querySelectorAll('[data-drop]')) {
  const field = form.querySelector('textarea');
  form.addEventListener('dragover', (event) => { event.preventDefault(); form.classList.add('over'); });
  form.addEventListener('dragleave', () => form.classList.remove('over'));
  form.addEventListener('drop', async (event) => {
    event.preventDefault();
    form.classList.remove('over');
    const file = event.dataTransfer && event.dataTransfer.files[0];
    if (!file || file.size > 1 << 20) return;
    field.value = await file.text();
    field.focus();
  });
}
