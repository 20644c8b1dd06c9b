import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needs } from "../needs.ts";
import { browserCommand, Page } from "./browser.ts";
import { program, startWatched } from "./watch.ts";

/** Where pictures of the page are kept for a person to look at; by default nowhere. */
const { DASHBOARD_PICTURES } = process.env;

describe("the dashboard in a browser", function () {
  this.timeout(180_000);
  before(function () {
    needs(this, browserCommand !== undefined, "a browser (Debian package chromium)");
  });

  it("should show the job live, dark and light, and keep its end", async () => {
    const { child, done, address } = await startWatched([program], 3);
    const page = await Page.open(address);
    try {
      const picture = async (name: string): Promise<void> => {
        if (DASHBOARD_PICTURES === undefined) return;
        writeFileSync(join(DASHBOARD_PICTURES, `${name}.png`), await page.picture());
      };
      const text = (selector: string): Promise<unknown> =>
        page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);

      await page.pretend(false, 1280, 1000);
      await page.until(`document.querySelector("#output")?.textContent.includes("half way")`);
      await page.until(`document.querySelector("#work").innerText.includes("10 of 40")`);
      await page.until(`document.querySelector("#ranks").innerText.includes("called at watched.ts")`);
      await picture("light");
      expect(await page.evaluate("document.title")).to.equal("watched.ts - tsmpi");
      expect(await text("#status")).to.equal("running");
      expect(await text("#counts")).to.equal("3 of 3 ranks alive");
      expect(await page.evaluate(`document.querySelectorAll("#ranks tr").length`)).to.equal(3);
      expect(await text("#work")).to.match(/fits[\s\S]*20 of 20 · 100 %[\s\S]* 2 failed/);
      // What a program prints is text, whatever it looks like.
      expect(await text("#output")).to.contain("0 half way <i>");
      expect(await page.evaluate(`document.querySelectorAll("#work b b").length`)).to.equal(0);
      const bars = `[...document.querySelectorAll("[role=progressbar]")]`;
      expect(
        await page.evaluate(`${bars}.map(bar => bar.ariaLabel + " " + bar.getAttribute("aria-valuenow"))`),
      ).to.include.members(["time steps <b> 25", "fits 100"]);

      // Of one rank alone.
      await page.evaluate(`which.value = "1"; which.dispatchEvent(new Event("change"))`);
      expect(await text("#output")).to.equal("");
      await page.evaluate(`which.value = "0"; which.dispatchEvent(new Event("change"))`);
      expect(await text("#output")).to.contain("half way");

      const colour = `getComputedStyle(document.body).backgroundColor`;
      const light = await page.evaluate(colour);
      await page.pretend(true, 1280, 1000);
      const dark = await page.evaluate(colour);
      expect(dark).not.to.equal(light);
      await picture("dark");
      await page.evaluate(`theme.click()`);
      expect(await page.evaluate(colour)).to.equal(light);
      // Nothing hangs over the edge of a small window.
      await page.pretend(true, 360, 800);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).to.equal(true);
      await picture("small");

      child.stdin!.end();
      await page.until(`document.querySelector("#status").innerText === "ended well"`);
      expect((await done).code).to.equal(0);
      expect(await text("#ranks")).to.match(/(ended[\s\S]*exited with code 0[\s\S]*){3}/);
      expect(await text("#work")).to.contain("40 of 40");
      expect(await page.evaluate(`document.querySelector("#notice").hidden`)).to.equal(true);
      await page.pretend(false, 1280, 1000);
      await picture("ended");
    } finally {
      await page.close();
      child.kill();
    }
  });

  it("should say when tsmpirun is gone", async () => {
    const { child, done, address } = await startWatched([program]);
    const page = await Page.open(address);
    try {
      await page.until(`document.querySelector("#status")?.innerText === "running"`);
      child.kill("SIGKILL");
      await page.until(`document.querySelector("#status").innerText === "lost"`);
      expect(await page.evaluate(`document.querySelector("#notice").innerText`)).to.contain(
        "tsmpirun does not answer",
      );
    } finally {
      await page.close();
      await done;
    }
  });
});
