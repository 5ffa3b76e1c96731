// The ways of a reader through the console.
import { check, filled, open } from './browser.mjs';

const text = async (page, selector) => (await page.locator(selector).first().textContent()).trim();

// Reads, searches, narrows down, and looks for the origin of an article.
const reading = async (page, address, label) => {
  await page.goto(`${address}/`);
  const heads = page.locator('.item .open');
  check(await heads.count() >= 10, `${label}: articles on Now`);
  const title = (await heads.first().textContent()).trim();
  await heads.first().click();
  check(await text(page, 'article h1') === title, `${label}: the article has its headline`);
  check(await page.locator('.prose p').count() > 0, `${label}: the article has a text`);
  check(/article|address|text|new/i.test(await text(page, '.provenance')), `${label}: its provenance`);

  await page.locator('article .keep').first().click();
  check(await page.locator('article .keep').first().getAttribute('aria-pressed') === 'true', `${label}: it is marked`);
  await page.goto(`${address}/collection`);
  check(await text(page, '.item .open') === title, `${label}: the mark is in the collection`);

  await page.locator('#find').fill('ferry');
  await page.locator('#find').press('Enter');
  await page.waitForURL(/\/search\?q=ferry/);
  check(await page.locator('.item').count() > 0, `${label}: hits for ferry`);
  check(await page.locator('.item mark').count() > 0, `${label}: highlights`);
  const before = await page.locator('.item').count();
  if (!(await page.locator('.facet li a').first().isVisible())) {
    await page.locator('.fold > summary').click();
  }
  await page.locator('.facet li a').first().click();
  check(await page.locator('.chips a').count() === 1, `${label}: a filter is on`);
  check(await page.locator('.item').count() <= before, `${label}: it narrows down`);
  await page.locator('.chips a').first().click();
  check(await page.locator('.chips a').count() === 0, `${label}: the filter is off`);
};

const asking = async (page, address, label) => {
  await page.goto(`${address}/search?q=%22unclosed`);
  check(/unclosed quotation mark/.test(await text(page, '.fault')), `${label}: the fault of a query`);
  await page.goto(`${address}/compare?q=the+OR+a+OR+in`);
  check(await page.locator('.matrix tbody tr').count() > 1, `${label}: outlets side by side`);
  await page.goto(`${address}/articles/00000000000000000000000000000000`);
  check(await text(page, 'h1') === 'There is nothing here', `${label}: an error is a page`);
};

// Adds a source, pauses it, and removes it.
const following = async (page, address, label) => {
  await page.goto(`${address}/sources`);
  const url = `https://${label.replace(/\W/g, '')}.example/feed.xml`;
  const form = page.locator('form[action="/sources"]');
  await form.locator('[name=url]').fill(url);
  await form.locator('[name=tags]').fill('trial');
  await form.locator('button').click();
  check(/followed now/.test(await text(page, '.note')), `${label}: the source is added`);
  const row = page.locator('.row', { hasText: url });
  await row.locator('[value=pause]').click();
  check(/paused/.test(await text(page, `.row:has-text("${url}") .state`)), `${label}: it is paused`);
  await row.locator('.menu summary').click();
  await row.locator('[value=remove]').click();
  check(await row.count() === 0, `${label}: it is removed`);
};

const keyboard = async (browser, address) => {
  const page = await open(browser);
  await page.goto(`${address}/`);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const id = await page.evaluate(() => document.activeElement.dataset.id);
  check(id === await page.locator('.item').nth(1).getAttribute('data-id'), 'keys: j goes on');
  await page.keyboard.press('k');
  const first = await page.evaluate(() => document.activeElement.dataset.id);
  check(first === await page.locator('.item').first().getAttribute('data-id'), 'keys: k goes back');
  await page.keyboard.press('o');
  await page.waitForURL(/\/articles\//);
  await page.keyboard.press('/');
  await page.keyboard.type('ferry j o');
  check(await page.locator('#find').inputValue() === 'ferry j o', 'keys: the box takes letters');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/search\?q=ferry/);
  await page.keyboard.press('?');
  check(await page.locator('#keys').getAttribute('open') !== null, 'keys: ? shows the keys');
  await page.goto(`${address}/`);
  await page.keyboard.press('Tab');
  check(await page.evaluate(() => document.activeElement.className) === 'skip', 'keys: Tab begins with the skip link');
  await page.keyboard.press('Enter');
  check(new URL(page.url()).hash === '#main', 'keys: it leads to the content');
  await page.context().close();
};

// A new article is announced, and nothing moves.
const live = async (browser, address) => {
  const page = await open(browser);
  await page.goto(`${address}/`);
  const listening = page.waitForResponse((answer) => answer.url().includes('/v1/events')).catch(() => null);
  await page.reload();
  await listening;
  const place = await page.locator('.item').first().boundingBox();
  const body = { url: 'https://live.example/a-new-story', title: 'A story that comes while somebody reads',
    text: 'The harbour bridge of Eastport was closed this morning after inspectors found cracks in two of its cables. '.repeat(3) };
  const sent = await fetch(`${address}/v1/articles?wait=10&until=stored`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  check(sent.ok, 'live: the article is taken');
  await page.locator('.live a').waitFor();
  check(/new article/.test(await text(page, '.live')), 'live: it is announced');
  const after = await page.locator('.item').first().boundingBox();
  check(place.y === after.y, 'live: nothing moves');
  await page.locator('.live a').click();
  await page.locator('.item', { hasText: body.title }).waitFor();
  await page.context().close();
};

// An article that tries to act on its readers, as text and as a page.
const ATTACK = '<script>window.hit=1</script><img src=x onerror="window.hit=1"><b hx-get="/x" data-hx-post="/y" '
  + 'onclick="window.hit=1">harbour</b><a href="javascript:window.hit=1">quay</a>\u202Etxet\u200B';

const hostile = async (browser, address) => {
  const words = 'The quay of Northport was rebuilt after the storm, and ships return to it every day. '.repeat(4);
  const sent = [
    { url: 'https://hostile.example/as-text', title: ATTACK, text: `${ATTACK} ${words}`, site_name: '<img src=x onerror=window.hit=1>',
      authors: ['<img src=x onerror=window.hit=1>'], tags: ['<img src=x onerror=window.hit=1>'], section: '<img src=x onerror=window.hit=1>' },
    { url: 'https://hostile.example/as-page', html: `<html><head><title>${ATTACK}</title></head><body><article>`
      + `<h1>Quay of Southport ${ATTACK}</h1><p>${ATTACK} ${words.replaceAll('North', 'South')}</p></article></body></html>` },
  ];
  const ids = [];
  for (const body of sent) {
    const answer = await fetch(`${address}/v1/articles?wait=20&until=stored`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    check(answer.ok, `hostile: ${body.url} is taken`);
    ids.push((await answer.json()).article_id);
  }
  const page = await open(browser);
  page.on('dialog', () => check(false, 'hostile: a dialog opens'));
  const screens = ['/', '/search?q=quay', '/sites/hostile.example', '/compare?q=quay', '/wall',
    ...ids.flatMap((id) => [`/articles/${id}?q=quay`, `/articles/${id}/versions`])];
  for (const screen of screens) {
    await page.goto(`${address}${screen}`);
    const found = await page.evaluate(() => ({
      hit: globalThis.hit,
      odd: document.querySelectorAll('main script, main img, main b[onclick], [onerror], [hx-get], [data-hx-post], a[href^="javascript"]').length,
      hidden: /[\u202A-\u202E\u200B\u2066-\u2069]/.test(document.documentElement.outerHTML),
    }));
    check(found.hit === undefined && found.odd === 0 && !found.hidden, `hostile: ${screen}: ${JSON.stringify(found)}`);
  }
  await page.context().close();
};

export const journeys = async (browser, address) => {
  const wait = await filled(address);
  console.log(`the sample is there after ${wait} ms`);
  for (const width of [390, 1280]) {
    for (const script of [true, false]) {
      const label = `${width} px ${script ? 'with' : 'without'} JavaScript`;
      const page = await open(browser, { width, script });
      await reading(page, address, label);
      await following(page, address, label);
      await page.context().close();
    }
  }
  // These answers are errors on purpose, which the browser reports.
  const page = await open(browser, { script: false });
  page.removeAllListeners('console');
  await asking(page, address, 'asking');
  await page.context().close();
  await keyboard(browser, address);
  await live(browser, address);
  await hostile(browser, address);
};
