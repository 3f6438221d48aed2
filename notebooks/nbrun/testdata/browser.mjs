// Drives Chromium through playwright-core and prints what it saw as one JSON object. It judges nothing: browser_test.go does.
//
//   node browser.mjs notebook URL SHOT.png          opens a notebook in Jupyter Notebook 6 and runs all cells
//   node browser.mjs page URL WIDTH SHOT.png        opens a page in a window of WIDTH CSS pixels
//
// PLAYWRIGHT is the folder of playwright-core, CHROMIUM the browser's program.
import { createRequire } from 'node:module';
import path from 'node:path';

const { chromium } = createRequire(import.meta.url)(path.resolve(process.env.PLAYWRIGHT));
const [mode, url, ...rest] = process.argv.slice(2);
const shot = rest.at(-1);
const width = mode === 'page' ? Number(rest[0]) : 1280;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [], // Chromium's sandbox refuses root
});
try {
  const context = await browser.newContext({ viewport: { width, height: 844 }, isMobile: width < 600 });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  page.on('pageerror', (e) => complaints.push(String(e)));
  page.on('requestfailed', (r) => complaints.push(`${r.url()}: ${r.failure()?.errorText}`));
  await page.goto(url);
  const seen = mode === 'page' ? await look(page) : await runAll(page);
  await page.screenshot({ path: shot, fullPage: true });
  console.log(JSON.stringify({ ...seen, complaints }));
} finally {
  await browser.close();
}

// runAll does what a reader does: waits for the kernel, chooses Cell, Run All, and watches the prompts.
async function runAll(page) {
  await page.waitForSelector('#kernel_indicator_icon.kernel_idle_icon');
  await page.click('#celllink');
  await page.click('#run_all_cells');
  const cells = '#notebook .code_cell';
  await page.waitForFunction(
    (cells) =>
      document.querySelector('#notebook .output_error') ||
      [...document.querySelectorAll(`${cells} .input_prompt`)].every((p) => /\d/.test(p.textContent)),
    cells,
    { timeout: 200_000 },
  );
  const texts = (selector) => page.$$eval(selector, (list) => list.map((e) => e.innerText));
  // A window as high as the notebook, so that the picture shows all of it.
  const height = await page.$eval('#site', (e) => Math.ceil(e.getBoundingClientRect().top + e.scrollHeight));
  await page.setViewportSize({ width, height });
  return {
    kernel: (await page.innerText('.kernel_indicator_name')).trim(),
    cells: await page.$$eval(cells, (list) => list.length),
    errors: await texts('#notebook .output_error, #notebook .output_stderr'),
    tables: await texts('#notebook .output_html table'),
    pictures: await page.$$eval('#notebook .output_png img', (list) =>
      list.map((i) => ({ width: i.naturalWidth, height: i.naturalHeight, shown: i.getBoundingClientRect().width })),
    ),
    // Jupyter saves by itself after a while; a reader leaves with what is on the disk.
    saved: await page.evaluate(() => window.Jupyter.notebook.save_notebook().then(() => true)),
  };
}

// look reads the layout of a page of results.
async function look(page) {
  return page.evaluate(async () => {
    await Promise.all([...document.images].map((i) => i.decode().catch(() => {})));
    const root = document.documentElement;
    const seen = (e) => {
      const box = e.getBoundingClientRect();
      const image = e instanceof HTMLImageElement;
      return { width: image && !e.naturalWidth ? 0 : box.width, height: box.height, texts: image ? 1 : e.querySelectorAll('text').length };
    };
    return {
      window: root.clientWidth,
      content: root.scrollWidth,
      tables: [...document.querySelectorAll('table caption')].map((e) => e.innerText),
      pictures: [...document.querySelectorAll('figure svg, figure img')].map(seen),
      figures: document.querySelectorAll('figure').length,
    };
  });
}
