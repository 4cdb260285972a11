// See check.sh.
import { chromium } from "playwright-core";
import { mkdirSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const wrong = [];

// Elements that are wider than the page, or cut off by an element around them.
function tooWide() {
  const width = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > width) found.push(`page: ${document.documentElement.scrollWidth} of ${width}`);
  for (const element of document.querySelectorAll("table, tr, th, td, figure, canvas, p, li, dd, h1, h2, h3")) {
    const box = element.getBoundingClientRect();
    if (box.width && getComputedStyle(element.closest("thead") || element).position !== "absolute" && (box.right > width + 1 || box.left < -1)) {
      found.push(`${element.tagName} ${Math.round(box.left)}..${Math.round(box.right)} of ${width}: ${element.textContent.slice(0, 40)}`);
    }
  }
  return found;
}

// Pictures that are empty (fewer than three colours) or have no text for a screen reader.
function undrawn() {
  return [...document.querySelectorAll("canvas")].filter((canvas) => {
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size < 3 || !canvas.getAttribute("aria-label");
  }).map((canvas) => canvas.closest("figure").id);
}

// A canvas cuts off names that do not fit, so measure the names beside bars as the chart draws them.
function cutNames() {
  return [...document.querySelectorAll("canvas")].flatMap((canvas) => {
    const chart = Chart.getChart(canvas), scale = chart && chart.scales.y;
    if (!scale || scale.type !== "category" || !scale.options.ticks.display) return [];
    const ctx = canvas.getContext("2d");
    ctx.font = "11px system-ui, sans-serif";
    const band = chart.chartArea.height / chart.data.labels.length;
    return chart.data.labels.filter((name) => band < 13 || ctx.measureText(name).width > scale.width)
      .map((name) => `${canvas.closest("figure").id}: no room for the name ${name}`);
  });
}

for (const file of files) {
  const url = pathToFileURL(resolve(file)).href;
  const size = statSync(file).size;
  if (size > 1_000_000) wrong.push(`${file}: ${size} bytes`);
  for (const width of [390, 1280, 1920]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const where = `${basename(file)} at ${width} px, ${colorScheme}`;
      page.on("pageerror", (error) => wrong.push(`${where}: ${error}`));
      page.on("console", (message) => { if (message.type() === "error") wrong.push(`${where}: ${message.text()}`); });
      page.on("request", (request) => { if (request.url() !== url && !request.url().startsWith("data:")) wrong.push(`${where}: requests ${request.url()}`); });
      await page.goto(url);
      const name = `${folder}/${basename(file, ".html")}-${width}-${colorScheme}`;
      await page.screenshot({ path: `${name}.png`, fullPage: true });
      for (const what of await page.evaluate(tooWide)) wrong.push(`${where}: ${what}`);
      for (const id of await page.evaluate(undrawn)) wrong.push(`${where}: picture ${id} is empty or has no text for screen readers`);
      for (const what of await page.evaluate(cutNames)) wrong.push(`${where}: ${what}`);
      if (width === 1280 && colorScheme === "light") {
        // A4 landscape minus margins of 12 mm.
        await page.pdf({ path: `${name}.pdf`, preferCSSPageSize: true, printBackground: true });
        await page.emulateMedia({ media: "print" });
        await page.setViewportSize({ width: 1031, height: 703 });
        for (const what of await page.evaluate(tooWide)) wrong.push(`${basename(file)} printed: ${what}`);
      }
      await page.close();
    }
  }
  console.log(`${basename(file)}: ${size} bytes, 3 widths, light, dark and printed`);
}
await browser.close();
wrong.forEach((one) => console.error(one));
console.log(wrong.length ? `${wrong.length} findings` : "nothing cut off, no script error, no request");
process.exit(wrong.length ? 1 : 0);
