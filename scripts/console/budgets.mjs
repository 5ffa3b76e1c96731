// Budgets of the first load of Now.
import { check, open } from './browser.mjs';

const MOST_BYTES = 60 * 1024;
// A busy machine may be given more.
const MOST_LCP_MS = Number(process.env.MOST_LCP_MS || 500);

export const budgets = async (browser, address) => {
  const page = await open(browser);
  await page.addInitScript(() => {
    globalThis.paints = { lcp: 0, shift: 0 };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.paints.lcp = entry.startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.paints.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${address}/`, { waitUntil: 'load' });
  await page.waitForTimeout(1500);
  const measured = await page.evaluate(() => {
    const [page] = performance.getEntriesByType('navigation');
    const loads = [page, ...performance.getEntriesByType('resource').filter((one) => !one.name.includes('/v1/'))];
    return {
      bytes: loads.reduce((sum, load) => sum + load.transferSize, 0),
      server: page.responseStart - page.requestStart,
      ...globalThis.paints,
    };
  });
  console.log(`first load ${measured.bytes} bytes, first byte after ${measured.server.toFixed(0)} ms, `
    + `largest paint after ${measured.lcp.toFixed(0)} ms, layout shift ${measured.shift.toFixed(4)}`);
  check(measured.bytes <= MOST_BYTES, `the first load has ${measured.bytes} bytes`);
  check(measured.lcp <= MOST_LCP_MS, `the largest paint comes after ${measured.lcp} ms`);
  check(measured.shift === 0, `the layout shifts by ${measured.shift}`);
  await page.context().close();
};
