// Drives the console at the address that is the first argument.
import { createRequire } from 'node:module';
import { launch, check, failures } from './browser.mjs';
import { journeys } from './journeys.mjs';
import { screens } from './screens.mjs';
import { budgets } from './budgets.mjs';

const address = process.argv[2];
const require = createRequire(`${process.env.CONSOLE_TOOLS}/`);
const axe = require.resolve('axe-core/axe.min.js');
const browser = await launch(require('playwright-core'));
try {
  await journeys(browser, address);
  await screens(browser, address, axe);
  await budgets(browser, address);
} catch (error) {
  check(false, error.stack);
} finally {
  await browser.close();
}
console.log(failures() === 0 ? 'the console passes' : `${failures()} failed`);
process.exitCode = failures() === 0 ? 0 : 1;
