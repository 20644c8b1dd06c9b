/** The look of the report page. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#f5f7f9;--card:#fff;--ink:#1c2430;--faint:#5c6673;--line:#dde2e8;--accent:#0b5bd3;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#161b22;--ink:#e8edf3;--faint:#9aa5b1;--line:#2b333d;--accent:#6cb0ff;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:28px;margin:0 0 4px}
h2{font-size:20px;margin:40px 0 12px}
h3{font-size:15px;margin:24px 0 4px}
p{margin:0 0 10px;max-width:75ch}
.faint{color:var(--faint)}
code{font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 18px;min-width:150px}
.tile b{display:block;font-size:28px;line-height:1.2;color:var(--accent);font-variant-numeric:tabular-nums}
.tile.below b{color:var(--bad)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(480px,100%),1fr));gap:16px}
.plots svg{width:100%;height:auto;border:1px solid var(--line);border-radius:8px;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;background:var(--card)}
th,td{padding:4px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;font-weight:400}
th:first-child,td:first-child{text-align:left}
thead th{color:var(--faint);font-size:13px}
.heat{border-spacing:2px;border-collapse:separate;background:none}
.heat th,.heat td{border:0}
.heat td{min-width:74px;text-align:center;border-radius:4px;padding:7px 8px}
.heat td.empty{background:none}
.heat td.failed,.failed{color:var(--bad);font-weight:600}
td.ratio{color:var(--faint);padding-left:0;font-size:13px}
td:has(+.ratio){padding-right:8px}
.facts td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.key{display:flex;align-items:center;gap:8px;font-size:13px;color:var(--faint);margin-top:8px}
.key i{display:inline-block;width:200px;height:12px;border-radius:3px}
`.trim();
