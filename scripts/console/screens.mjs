// Each screen in light and dark, on a phone and a desk: no violation that axe-core knows, nothing
// wider than the window, and a picture of it where one is asked for.
import { mkdirSync } from 'node:fs';
import { check, open } from './browser.mjs';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const paths = async (address) => {
  const newest = await (await fetch(`${address}/v1/search?sort=newest&limit=100`)).json();
  const articles = await Promise.all(newest.hits.map(async (hit) =>
    (await fetch(`${address}/v1/articles/${hit.id}`)).json()));
  const with_ = (found) => articles.find(found) || articles[0];
  const copied = with_((article) => article.decision === 'syndicated');
  const revised = with_((article) => article.decision === 'revision');
  const named = with_((article) => article.analysis.entities?.length > 0);
  const entity = named.analysis.entities?.[0];
  const kinds = { organization: 'org', location: 'place', person: 'person' };
  const site = new URL(copied.url).hostname.split('.').slice(-2).join('.');
  return {
    now: '/',
    search: '/search?q=ferry',
    help: '/search',
    article: `/articles/${copied.id}?q=ferry`,
    versions: `/articles/${revised.id}/versions`,
    name: entity ? `/names/${kinds[entity.type]}/${encodeURIComponent(entity.text)}` : '/names/person/Nobody',
    topic: '/topics/medtop:04000000',
    site: `/sites/${site}`,
    compare: '/compare?q=the+OR+a+OR+in',
    collection: '/collection',
    sources: '/sources',
    pipeline: '/pipeline',
    settings: '/settings',
    wall: '/wall',
  };
};

const inspect = async (page, axe, label) => {
  await page.evaluate(() => { for (const fold of document.querySelectorAll('details')) fold.open = true; });
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  for (const violation of violations) {
    const nodes = violation.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`);
    check(false, `${label}: ${violation.id}: ${violation.help}\n  ${nodes.join('\n  ')}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 0, `${label}: ${wide} px wider than the window`);
};

export const screens = async (browser, address, axePath) => {
  const { readFileSync } = await import('node:fs');
  const axe = readFileSync(axePath, 'utf8');
  const folder = process.env.SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  const all = await paths(address);
  const looks = [
    { name: 'light', width: 1280, colours: 'light' },
    { name: 'dark', width: 1280, colours: 'dark' },
    { name: 'phone', width: 390, colours: 'light' },
    { name: 'narrow', width: 360, colours: 'dark', language: 'de' },
  ];
  for (const look of looks) {
    // Pictures for the docs are small.
    const page = await open(browser, { ...look, scale: folder ? 0.6 : 1 });
    for (const [screen, path] of Object.entries(all)) {
      await page.goto(`${address}${path}`);
      if (folder) await page.screenshot({ path: `${folder}/${screen}-${look.name}.jpg`, type: 'jpeg', quality: 60 });
      await inspect(page, axe, `${screen} ${look.name}`);
    }
    await page.context().close();
  }
  console.log(`${Object.keys(all).length} screens in ${looks.length} looks`);
};
