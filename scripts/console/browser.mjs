// The browser, and the counting of failures.

let failed = 0;

export const failures = () => failed;

// Says and counts what is not as it should be.
export const check = (holds, message) => {
  if (holds) return;
  failed += 1;
  console.error(`FAILED: ${message}`);
};

export const launch = ({ chromium }) => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

// Opens a window; everything that goes wrong in its console is a failure.
export const open = async (browser, { width = 1280, script = true, colours = 'light', language = 'en', scale = 1 } = {}) => {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 860 },
    javaScriptEnabled: script,
    colorScheme: colours,
    locale: language,
    deviceScaleFactor: scale,
    hasTouch: width < 600,
    isMobile: width < 600,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    if (message.type() === 'error') check(false, `${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => check(false, `${page.url()}: ${error}`));
  return page;
};

// Waits until the sample's articles are stored and can be found.
export const filled = async (address) => {
  const started = Date.now();
  while (Date.now() - started < 120_000) {
    const answer = await fetch(`${address}/v1/search?sort=newest&limit=100`).catch(() => null);
    if (answer?.ok && (await answer.json()).total >= 20) return Date.now() - started;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error('the sample did not arrive');
};
